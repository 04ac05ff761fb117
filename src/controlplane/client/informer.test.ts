import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../api/status.js";
import { Prng } from "../../base/prng.js";
import { ManualTimers } from "../../base/timers.js";
import type { Informer } from "./informer.js";
import { InformerFactory } from "./informer-factory.js";
import { MemoryApi } from "./memory-api.test-data.js";
import type { Pod } from "./object-types.js";
import { clientOf, PODS } from "./resources.js";

interface Setting {
  readonly timers: ManualTimers;
  readonly api: MemoryApi;
  readonly factory: InformerFactory;
  readonly log: string[];
}

function newSetting(): Setting {
  const timers = new ManualTimers();
  const api = new MemoryApi(timers);
  const factory = new InformerFactory({ client: api.client(), timers, prng: new Prng(1) });
  return { timers, api, factory, log: [] };
}

function pods(api: MemoryApi) {
  return clientOf(api.client(), PODS, "default");
}

function logTo(informer: Informer<Pod>, log: string[], name = ""): void {
  informer.addHandler({
    onAdd: (pod, isInitial) => log.push(`${name}+${pod.metadata.name}${isInitial ? "!" : ""}`),
    onUpdate: (_, pod) => log.push(`${name}~${pod.metadata.name}`),
    onDelete: (pod) => log.push(`${name}-${pod.metadata.name}`),
  });
}

function pod(name: string, labels: Record<string, string> = {}) {
  return { metadata: { name, labels }, spec: { containers: [] } };
}

test("Informer tells of what was there, then of changes", async () => {
  const { api, factory, log, timers } = newSetting();
  await pods(api).create(pod("a"));
  const informer = factory.informer(PODS);
  logTo(informer, log);
  assert.equal(informer.hasSynced(), false);
  factory.start();
  await factory.synced();
  await timers.advance(0);
  await pods(api).create(pod("b"));
  await pods(api).patch("a", "merge", { metadata: { labels: { x: "y" } } });
  await pods(api).delete("b");
  assert.deepEqual(log, ["+a!", "+b", "~a", "-b"]);
  assert.deepEqual(informer.lister.get("default/a")?.metadata.labels, { x: "y" });
  factory.stop();
});

test("Informer asks for a selection only, and loses what leaves it", async () => {
  const { api, factory, log, timers } = newSetting();
  await pods(api).create(pod("a", { app: "web" }));
  await pods(api).create(pod("b", { app: "db" }));
  logTo(factory.informer(PODS, { labelSelector: "app=web" }), log);
  factory.start();
  await timers.advance(0);
  await pods(api).patch("a", "merge", { metadata: { labels: { app: "db" } } });
  await pods(api).patch("b", "merge", { metadata: { labels: { app: "web" } } });
  assert.deepEqual(log, ["+a!", "-a", "+b"]);
});

test("Informer tells all handlers of a change before any of the next, when a handler causes it", async () => {
  const { api, factory, log, timers } = newSetting();
  const informer = factory.informer(PODS);
  informer.addHandler({
    onAdd: (each) => {
      if (each.metadata.name === "first") void pods(api).create(pod("second"));
    },
  });
  logTo(informer, log, "1");
  logTo(informer, log, "2");
  factory.start();
  await timers.advance(0);
  await pods(api).create(pod("first"));
  assert.deepEqual(log, ["1+first", "2+first", "1+second", "2+second"]);
});

test("Informer watches on from where it was, when a watch ends", async () => {
  const { api, factory, log, timers } = newSetting();
  logTo(factory.informer(PODS), log);
  factory.start();
  await timers.advance(2000);
  api.endWatches();
  await pods(api).create(pod("a"));
  await timers.advance(2000);
  assert.deepEqual(log, ["+a"]);
  assert.equal(api.requests.filter((each) => each.startsWith("GET")).length, 3, "one list, two watches");
});

test("Informer lists again after 410, and finds what came, changed and went meanwhile", async () => {
  const { api, factory, log, timers } = newSetting();
  for (const name of ["kept", "changed", "gone", "renewed"]) await pods(api).create(pod(name));
  logTo(factory.informer(PODS), log);
  factory.start();
  await timers.advance(2000);
  log.length = 0;
  api.intercept = () => {
    throw new StatusError("ServiceUnavailable", "down");
  };
  api.endWatches();
  await timers.advance(100);
  api.intercept = null;
  await pods(api).create(pod("new"));
  await pods(api).patch("changed", "merge", { metadata: { labels: { x: "y" } } });
  await pods(api).delete("gone");
  await pods(api).delete("renewed");
  await pods(api).create(pod("renewed"));
  api.compact();
  await timers.advance(60_000);
  assert.deepEqual(log.sort(), ["+new", "+renewed", "-gone", "-renewed", "~changed"]);
  factory.stop();
});

test("Informer waits longer and longer, when lists fail", async () => {
  const { api, factory, timers } = newSetting();
  api.intercept = () => {
    throw new StatusError("ServiceUnavailable", "down");
  };
  factory.informer(PODS);
  factory.start();
  await timers.advance(60_000);
  // 0.8 s doubling to 30 s, each up to twice as long: at least 5 and at most 8 attempts in a minute.
  assert.ok(api.requests.length >= 5 && api.requests.length <= 8, `${api.requests.length} lists`);
  factory.stop();
});

test("Informer.addHandler tells of everything that is there, when it comes late", async () => {
  const { api, factory, log, timers } = newSetting();
  await pods(api).create(pod("a"));
  const informer = factory.informer(PODS);
  factory.start();
  await timers.advance(0);
  logTo(informer, log);
  assert.deepEqual(log, ["+a!"]);
});

test("Informer resyncs a handler that asks for it, until it is removed", async () => {
  const { api, factory, timers } = newSetting();
  await pods(api).create(pod("a"));
  const informer = factory.informer(PODS);
  factory.start();
  let updates = 0;
  const remove = informer.addHandler({ onUpdate: () => updates++ }, 30_000);
  await timers.advance(95_000);
  assert.equal(updates, 3);
  remove();
  await timers.advance(95_000);
  assert.equal(updates, 3);
  factory.stop();
});

test("InformerFactory shares one informer for each resource and scope", () => {
  const { factory } = newSetting();
  const scoped = { fieldSelector: "spec.nodeName=n1" };
  assert.equal(factory.informer(PODS), factory.informer(PODS));
  assert.equal(factory.informer(PODS, scoped), factory.informer(PODS, scoped));
  assert.notEqual(factory.informer(PODS), factory.informer(PODS, scoped));
});
