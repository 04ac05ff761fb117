import assert from "node:assert/strict";
import { test } from "node:test";
import { PlumbError } from "../../base/errors.js";
import type { PriorityClass } from "../../api/scheduling.js";
import type { Pod } from "../../api/types.js";
import { InMemoryApi } from "./in-memory-api.js";
import { pod } from "./simulation.test-data.js";

function newApi({ runsPods = false } = {}) {
  const later: { dueMs: number; run: () => void }[] = [];
  const api = new InMemoryApi({
    now: () => 61_500,
    later: (dueMs, run) => later.push({ dueMs, run }),
    runsPods,
  });
  return { api, later };
}

function created(api: InMemoryApi, object: Pod): Pod & { metadata: { uid: string } } {
  return api.create(object) as Pod & { metadata: { uid: string } };
}

test("InMemoryApi create gives identity, namespace and defaults", () => {
  const { api } = newApi();
  const limits = { cpu: "2", memory: "1Gi" };
  const containers = [{ resources: { limits, requests: { cpu: "1" } } }];
  const { metadata, spec, status } = created(api, { ...pod("a", "1"), spec: { containers } });
  assert.equal(metadata.namespace, "default");
  assert.equal(metadata.creationTimestamp, "1970-01-01T00:01:01Z");
  assert.deepEqual(spec?.containers?.[0]?.resources?.requests, { cpu: "1", memory: "1Gi" });
  assert.equal(status?.phase, "Pending");
});

test("InMemoryApi create shares the completed spec of Pods of one template", () => {
  const { api } = newApi();
  const template = pod("a", "1");
  assert.equal(created(api, template).spec, created(api, { ...template, metadata: { name: "b" } }).spec);
});

test("InMemoryApi create takes the priority from its class, and refuses an unknown one", () => {
  const { api } = newApi();
  const high: PriorityClass = {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name: "high" },
    value: 1000,
    preemptionPolicy: "Never",
  };
  const early = pod("early", "1");
  assert.equal(created(api, early).spec?.priority, undefined);
  api.create(high);
  const { spec } = created(api, pod("a", "1", { priorityClassName: "high" }));
  assert.equal(spec?.priority, 1000);
  assert.equal(spec?.preemptionPolicy, "Never");
  api.create({ ...high, metadata: { name: "usual" }, value: 5, globalDefault: true } as PriorityClass);
  assert.equal(created(api, { ...early, metadata: { name: "late" } }).spec?.priority, 5);
  assert.throws(() => api.create(pod("b", "1", { priorityClassName: "hihg" })), PlumbError);
});

test("InMemoryApi create marks gated Pods, and refuses a name that is taken", () => {
  const { api } = newApi();
  const { status } = created(api, pod("a", "1", { schedulingGates: [{ name: "wait" }] }));
  assert.equal(status?.conditions?.[0]?.reason, "SchedulingGated");
  assert.throws(() => api.create(pod("a", "1")), /Cannot create Pod 'default\/a': it exists already/);
});

test("InMemoryApi bind gives a node once, and not to Pods that are gone or going", () => {
  const { api } = newApi({ runsPods: true });
  const { uid } = created(api, pod("a", "1")).metadata;
  assert.equal(api.bind(uid, "n"), null);
  const bound = api.get("Pod", "default/a") as Pod;
  assert.equal(bound.spec?.nodeName, "n");
  assert.equal(bound.status?.phase, "Running");
  assert.equal(bound.status?.startTime, "1970-01-01T00:01:01Z");
  assert.match(api.bind(uid, "m") ?? "", /already assigned/);
  api.deletePod(uid);
  assert.match(api.bind(uid, "m") ?? "", /not found/);
  const held: Pod = { ...pod("b", "1"), metadata: { name: "b", finalizers: ["x/y"] } };
  const going = created(api, held).metadata.uid;
  api.deletePod(going);
  assert.match(api.bind(going, "m") ?? "", /being deleted/);
});

test("InMemoryApi deletePod waits for the grace period of a Pod that has a node", () => {
  const { api, later } = newApi();
  const patient = pod("a", "1", { terminationGracePeriodSeconds: 30 });
  const { uid } = created(api, patient).metadata;
  api.bind(uid, "n");
  api.deletePod(uid, { type: "DisruptionTarget", status: "True" });
  const going = api.get("Pod", "default/a") as Pod;
  assert.equal(going.metadata.deletionTimestamp, "1970-01-01T00:01:31Z");
  assert.ok(going.status?.conditions?.some(({ type }) => type === "DisruptionTarget"));
  assert.equal(later[0]?.dueMs, 91_500);
  later[0]?.run();
  assert.equal(api.get("Pod", "default/a"), undefined);
});

test("InMemoryApi patchStatus is no change when it says what is said already", () => {
  const { api } = newApi();
  const { uid, name } = created(api, pod("a", "1")).metadata;
  const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no" };
  const patch = { kind: "updateStatus", namespace: "default", name, uid, condition } as const;
  api.takeChanges();
  api.patchStatus(patch);
  api.patchStatus(patch);
  assert.equal(api.takeChanges().length, 1);
});

test("InMemoryApi update keeps identity and node, and reports what it was", () => {
  const { api } = newApi();
  const { uid } = created(api, pod("a", "1")).metadata;
  api.bind(uid, "n");
  const seen: string[] = [];
  api.onPod(({ wasBound, isBound }) => seen.push(`${wasBound} ${isBound}`));
  const after = api.update({ ...pod("a", "500m"), metadata: { name: "a", labels: { x: "y" } } }) as Pod;
  assert.equal(after.metadata.uid, uid);
  assert.equal(after.spec?.nodeName, "n");
  assert.deepEqual(seen, ["true true"]);
  assert.throws(() => api.update(pod("b", "1")), /does not exist/);
});

test("InMemoryApi update lets a Pod go that its last finalizer held", () => {
  const { api } = newApi();
  const held: Pod = { ...pod("a", "1"), metadata: { name: "a", finalizers: ["x/y"] } };
  api.deletePod(created(api, held).metadata.uid);
  assert.ok(api.get("Pod", "default/a") !== undefined);
  api.update(pod("a", "1"));
  assert.equal(api.get("Pod", "default/a"), undefined);
});
