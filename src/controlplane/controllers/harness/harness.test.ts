import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../../api/meta.js";
import { StatusError } from "../../../api/status.js";
import { Prng } from "../../../base/prng.js";
import { ManualTimers } from "../../../base/timers.js";
import { MemoryApi } from "../../client/memory-api.test-data.js";
import { keyOf } from "../../client/object-store.js";
import { clientOf, PODS } from "../../client/resources.js";
import { withCondition } from "./conditions.js";
import type { Controller } from "./controller.js";
import { ControllerManager } from "./controller-manager.js";
import { Expectations } from "./expectations.js";
import { scaled } from "./int-or-percent.js";
import { claim } from "./owners.js";
import { slowStart } from "./slow-start.js";
import { canonicalText, templateHash } from "./template-hash.js";

test("slowStart doubles what it begins at a time, and begins nothing after a failure", async () => {
  const started: number[] = [];
  const { successCount, error } = await slowStart(100, async (index) => {
    started.push(index);
    if (index === 4) throw new Error("no quota");
  });
  // 1, 2, 4: the third batch has the failure.
  assert.deepEqual(started, [0, 1, 2, 3, 4, 5, 6]);
  assert.equal(successCount, 6);
  assert.equal(error?.message, "no quota");
  assert.deepEqual(await slowStart(0, async () => {}), { successCount: 0, error: null });
});

test("Expectations are met when all was seen, or after five minutes", async () => {
  const timers = new ManualTimers();
  const expectations = new Expectations(timers);
  assert.equal(expectations.isSatisfied("a"), true);
  expectations.expect("a", 1, ["x", "y"]);
  expectations.deleted("a", "x");
  expectations.deleted("a", "x");
  expectations.created("a");
  expectations.created("a");
  assert.equal(expectations.isSatisfied("a"), false);
  expectations.deleted("a", "y");
  assert.equal(expectations.isSatisfied("a"), true);
  expectations.expect("a", 1);
  await timers.advance(300_000);
  assert.equal(expectations.isSatisfied("a"), false);
  await timers.advance(1);
  assert.equal(expectations.isSatisfied("a"), true);
});

test("templateHash is the same for templates that mean the same, and another after a collision", () => {
  const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "x", args: [] }] } };
  const same = {
    spec: { volumes: null, containers: [{ name: "x" }] },
    metadata: { labels: { a: "b" }, creationTimestamp: null },
  };
  assert.equal(canonicalText(template), canonicalText(same));
  assert.equal(templateHash(template), templateHash(same));
  assert.notEqual(templateHash(template), templateHash(template, 1));
  assert.notEqual(
    templateHash(template),
    templateHash({ ...template, spec: { containers: [{ name: "y" }] } }),
  );
  assert.notEqual(canonicalText({ args: ["a", "b"] }), canonicalText({ args: ["b", "a"] }));
  // Part of names that users keep: it must never change.
  assert.equal(templateHash({ spec: { containers: [{ name: "web", image: "nginx" }] } }), "588f7449db");
});

test("scaled rounds percentages as it is told", () => {
  assert.equal(scaled("25%", 10, "up"), 3);
  assert.equal(scaled("25%", 10, "down"), 2);
  assert.equal(scaled(4, 10, "down"), 4);
  assert.equal(scaled(undefined, 10, "up"), 0);
});

test("withCondition keeps the time of a status that stays, and the whole of what says the same", () => {
  const first = { type: "A", status: "True", reason: "One", lastTransitionTime: "1" };
  const conditions = withCondition([], first);
  assert.equal(withCondition(conditions, { ...first, lastTransitionTime: "2" }), conditions);
  const second = { ...first, reason: "Two", lastTransitionTime: "2" };
  assert.deepEqual(withCondition(conditions, second), [{ ...second, lastTransitionTime: "1" }]);
  const third = { ...first, status: "False", lastTransitionTime: "3" };
  assert.deepEqual(withCondition(conditions, third), [third]);
});

test("claim keeps what is meant, adopts orphans that are, releases what is not; nothing while its owner goes", () => {
  const object = (name: string, app: string, more: object = {}): KubeObject => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app }, ...more },
  });
  const owner = object("owner", "x", { uid: "u" });
  const owned = [object("kept", "web"), object("left", "db")];
  const orphans = [
    object("found", "web"),
    object("other", "db"),
    object("going", "web", { deletionTimestamp: "t" }),
  ];
  const names = (objects: readonly KubeObject[]): string[] => objects.map(({ metadata }) => metadata.name);
  const { kept, adopt, release } = claim(owner, { matchLabels: { app: "web" } }, owned, orphans);
  assert.deepEqual([names(kept), names(adopt), names(release)], [["kept"], ["found"], ["left"]]);
  const going = object("owner", "x", { uid: "u", deletionTimestamp: "t" });
  const late = claim(going, { matchLabels: { app: "web" } }, owned, orphans);
  assert.deepEqual([names(late.adopt), names(late.release)], [[], []]);
});

function recorder(name: string, log: string[], fail?: () => void): Controller {
  return {
    name,
    component: `${name}-controller`,
    workersCount: 1,
    isOffByDefault: name === "rare",
    start({ informers, queue }) {
      informers.informer(PODS).addHandler({ onAdd: (pod) => queue.add(keyOf(pod)) });
      return async (key) => {
        log.push(`${name} ${key}`);
        fail?.();
      };
    },
  };
}

test("ControllerManager runs the controllers that are switched on, and no key before informers have synced", async () => {
  const timers = new ManualTimers();
  const api = new MemoryApi(timers);
  const log: string[] = [];
  await clientOf(api.client(), PODS, "default").create({ metadata: { name: "a" } });
  const controllers = ["first", "second", "rare"].map((name) => recorder(name, log));
  const options = { client: api.client(), controllers, timers, prng: new Prng(1) };
  assert.deepEqual(new ControllerManager(options).names, ["first", "second"]);
  assert.deepEqual(new ControllerManager({ ...options, enabled: ["*", "-first", "rare"] }).names, [
    "second",
    "rare",
  ]);
  const manager = new ControllerManager({ ...options, enabled: ["second"] });
  await manager.start();
  await timers.advance(0);
  assert.deepEqual(log, ["second default/a"]);
  assert.equal(manager.isIdle, true);
  await manager.stop();
});

test("ControllerManager tries a key again after a failure, and is quiet about conflicts", async () => {
  const timers = new ManualTimers();
  const api = new MemoryApi(timers);
  const log: string[] = [];
  const errors: string[] = [];
  const failures = [new StatusError("Conflict", "changed"), new Error("broken")];
  const controller = recorder("only", log, () => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
  });
  const manager = new ControllerManager({
    client: api.client(),
    controllers: [controller],
    timers,
    prng: new Prng(1),
    onError: (where, error) => errors.push(`${where}: ${error.message}`),
  });
  await manager.start();
  await clientOf(api.client(), PODS, "default").create({ metadata: { name: "a" } });
  await timers.advance(14);
  assert.equal(log.length, 2, "at once, and after 5 ms");
  await timers.advance(10);
  assert.equal(log.length, 3, "and after 10 ms more");
  assert.deepEqual(errors, ["only default/a: broken"]);
  await manager.stop();
});
