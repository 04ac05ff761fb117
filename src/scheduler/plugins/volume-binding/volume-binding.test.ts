import assert from "node:assert/strict";
import { test } from "node:test";
import type { PersistentVolume, PersistentVolumeClaim } from "../../../api/scheduling.js";
import type { Status } from "../../framework/status.js";
import type { ListedKinds } from "../../objects.js";
import { CycleState } from "../../framework/cycle-state.js";
import { handle, node, pod } from "../cluster.test-data.js";
import {
  boundClaim,
  claim,
  csiNode,
  mounting,
  onNodes,
  storageClass,
  using,
  volume,
} from "../volumes.test-data.js";
import { createVolumeBinding } from "./volume-binding.js";

type Objects = readonly ListedKinds[keyof ListedKinds][];

const ARGS = { bindTimeoutSeconds: 600, shape: null };
const SELECTED = "volume.kubernetes.io/selected-node";
const NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity";
const BIND_CONFLICT = "node(s) didn't find available persistent volumes to bind";
const NO_SPACE = "node(s) did not have enough free storage";
const NO_VOLUME = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";
const provisioned = storageClass("wait", { provisioner: "disk.example.com" });

/** A plugin with nodes "here" and "there", and one cycle of a Pod. */
function cycle(objects: Objects, spec = using("data"), around = setUp(objects)) {
  const state = new CycleState();
  const info = pod("p", spec);
  return {
    ...around,
    state,
    info,
    preFilter: () => around.plugin.preFilter(state, info).status,
    /** Reasons, or [] when the node fits. */
    filter: (nodeName: "here" | "there"): readonly string[] => {
      const status = around.plugin.filter(state, info, around.nodes[nodeName]);
      assert.notEqual(status?.code, "Unschedulable", "volumes cannot be preempted");
      return status?.reasons ?? [];
    },
    reserve: (nodeName: string) => around.plugin.reserve(state, info, nodeName),
    unreserve: () => around.plugin.unreserve(state),
    preBind: (nodeName: string) => around.plugin.preBind(state, info, nodeName),
  };
}

function setUp(objects: Objects) {
  const named = (name: string) => node(name, { labels: { "kubernetes.io/hostname": name } });
  const nodes = { here: named("here"), there: named("there") };
  const fake = handle([nodes.here, nodes.there], objects);
  return { nodes, objects: fake.objects, plugin: createVolumeBinding(ARGS, fake) };
}

function rejection(objects: Objects, spec = using("data")): string {
  const status = cycle(objects, spec).preFilter();
  return status === null ? "accepted" : `${status.code}: ${status.reasons}`;
}

test("VolumeBinding skips Pods without claims", () => {
  assert.equal(rejection([], mounting({ emptyDir: {} })), "Skip: ");
});

test("VolumeBinding preFilter rejects claims that cannot be used", () => {
  const cases: [Objects, string][] = [
    [[], 'persistentvolumeclaim "data" not found'],
    [
      [{ ...boundClaim("data", "pv"), status: { phase: "Lost" } }],
      'persistentvolumeclaim "data" bound to non-existent persistentvolume "pv"',
    ],
    [
      [claim("data", {}, { deletionTimestamp: "2026-01-01T00:00:00Z" })],
      'persistentvolumeclaim "data" is being deleted',
    ],
    [
      [claim("data", { storageClassName: "now" }), storageClass("now")],
      "pod has unbound immediate PersistentVolumeClaims",
    ],
    [[claim("data", { storageClassName: "gone" })], "pod has unbound immediate PersistentVolumeClaims"],
    [
      [claim("data", { volumeName: "pv" }), storageClass("wait")],
      "pod has unbound immediate PersistentVolumeClaims",
    ],
  ];
  for (const [objects, reason] of cases)
    assert.equal(rejection(objects), `UnschedulableAndUnresolvable: ${reason}`);
});

test("VolumeBinding waits for the claim of an ephemeral volume, and takes none but the Pod's own", () => {
  const spec = { volumes: [{ name: "scratch", ephemeral: {} }] };
  assert.equal(
    rejection([], spec),
    'UnschedulableAndUnresolvable: waiting for ephemeral volume controller to create the persistentvolumeclaim "p-scratch"',
  );
  const owned = (uid: string) =>
    claim("p-scratch", {}, { ownerReferences: [{ kind: "Pod", name: "p", uid, controller: true }] });
  assert.equal(
    rejection([owned("someone else"), storageClass("wait")], spec),
    "UnschedulableAndUnresolvable: PVC default/p-scratch was not created for pod default/p (pod is not owner)",
  );
  assert.equal(rejection([owned("p"), storageClass("wait")], spec), "accepted");
});

test("VolumeBinding filter keeps a Pod where its bound volume is", () => {
  const at = cycle([boundClaim("data", "pv"), volume("pv", { nodeAffinity: onNodes("here") })]);
  assert.equal(at.preFilter(), null);
  assert.deepEqual(at.filter("here"), []);
  assert.deepEqual(at.filter("there"), [NODE_CONFLICT]);
});

test("VolumeBinding filter reads a migrated volume's zone by the driver's key", () => {
  const inZone = volume(
    "pv",
    { awsElasticBlockStore: { volumeID: "vol-1" } },
    {
      labels: { "topology.kubernetes.io/zone": "a" },
    },
  );
  const migrated = csiNode("there", {}, ["kubernetes.io/aws-ebs"]);
  const at = cycle([boundClaim("data", "pv"), inZone, migrated]);
  at.preFilter();
  assert.deepEqual(at.filter("here"), []);
  assert.deepEqual(at.filter("there"), [NODE_CONFLICT]);
});

test("VolumeBinding filter tells of a bound volume that is gone", () => {
  const at = cycle([boundClaim("data", "pv")]);
  at.preFilter();
  assert.deepEqual(at.filter("here"), [NO_VOLUME]);
});

test("VolumeBinding filter tells all conflicts of a node, in order", () => {
  const objects = [
    boundClaim("gone", "no volume"),
    boundClaim("far", "pv"),
    volume("pv", { nodeAffinity: onNodes("there") }),
    claim("data"),
    storageClass("wait"),
  ];
  const both = cycle(objects, using("data", "far"));
  both.preFilter();
  assert.deepEqual(both.filter("here"), [NODE_CONFLICT, BIND_CONFLICT]);
  const missing = cycle(objects, using("gone", "data"));
  missing.preFilter();
  assert.deepEqual(missing.filter("here"), [BIND_CONFLICT, NO_VOLUME]);
});

test("VolumeBinding filter gives every claim a volume of its own, the smallest claim first", () => {
  const objects = [
    storageClass("wait"),
    claim("large", { size: "8Gi" }),
    claim("small", { size: "2Gi" }),
    volume("v10", { size: "10Gi" }),
    volume("v5", { size: "5Gi" }),
  ];
  const at = cycle(objects, using("large", "small"));
  at.preFilter();
  assert.deepEqual(at.filter("here"), []);
  at.reserve("here");
  const written = at
    .preBind("here")
    ?.actions.map((action) =>
      action.kind === "updateVolume"
        ? [action.volume.metadata.name, action.volume.spec.claimRef?.name]
        : action.kind,
    );
  assert.deepEqual(written, [
    ["v5", "small"],
    ["v10", "large"],
  ]);
});

test("VolumeBinding filter provisions what it cannot find, and tells why it cannot", () => {
  const fits = cycle([claim("data"), provisioned]);
  fits.preFilter();
  assert.deepEqual(fits.filter("here"), []);
  const unsupported = cycle([claim("data"), storageClass("wait")]);
  unsupported.preFilter();
  assert.deepEqual(unsupported.filter("here"), [BIND_CONFLICT]);
  const driver = {
    apiVersion: "storage.k8s.io/v1",
    kind: "CSIDriver" as const,
    metadata: { name: "disk.example.com" },
    spec: { storageCapacity: true },
  };
  const full = cycle([claim("data"), provisioned, driver]);
  full.preFilter();
  assert.deepEqual(full.filter("here"), [NO_SPACE]);
});

test("VolumeBinding filter stays with the node that a volume was asked for", () => {
  const asked = claim("data", {}, { annotations: { [SELECTED]: "here" } });
  const at = cycle([asked, provisioned, volume("v")]);
  at.preFilter();
  assert.deepEqual(at.filter("here"), []);
  assert.deepEqual(at.filter("there"), [BIND_CONFLICT]);
  at.reserve("here");
  assert.deepEqual(
    at.preBind("here")?.actions,
    [],
    "the annotation is there already, and no volume is matched",
  );
});

test("VolumeBinding reserve promises a volume to one Pod, and unreserve gives it back", () => {
  const around = setUp([storageClass("wait"), claim("data"), claim("other"), volume("v")]);
  const first = cycle([], using("data"), around);
  const second = cycle([], using("other"), around);
  first.preFilter();
  first.filter("here");
  assert.equal(first.reserve("here"), null);
  second.preFilter();
  assert.deepEqual(second.filter("here"), [BIND_CONFLICT]);
  first.unreserve();
  second.preFilter();
  assert.deepEqual(second.filter("here"), []);
});

test("VolumeBinding reserve keeps Pods that share a claim to be provisioned on one node", () => {
  const around = setUp([provisioned, claim("data")]);
  const first = cycle([], using("data"), around);
  first.preFilter();
  first.filter("here");
  first.reserve("here");
  const second = cycle([], using("data"), around);
  second.preFilter();
  assert.deepEqual(second.filter("there"), [BIND_CONFLICT]);
  assert.deepEqual(second.filter("here"), []);
});

test("VolumeBinding preBind has nothing to do when all claims are bound", () => {
  const at = cycle([boundClaim("data", "pv"), volume("pv")]);
  at.preFilter();
  at.filter("here");
  assert.equal(at.reserve("here"), null);
  assert.equal(at.preBind("here"), null);
  assert.equal(cycle([], mounting()).preBind("here"), null);
});

/** Reserved on "here", with the volume or claim as it was written. */
function written<K extends "updateVolume" | "updateClaim">(objects: Objects, kind: K) {
  const at = cycle(objects);
  at.preFilter();
  at.filter("here");
  at.reserve("here");
  const work = at.preBind("here");
  assert.ok(work !== null);
  const [action] = work.actions;
  assert.ok(action?.kind === kind);
  return { ...at, work, action };
}

const failed = (why: string): Status => ({
  code: "Error",
  reasons: [`binding volumes: ${why}`],
  plugin: "VolumeBinding",
});

test("VolumeBinding preBind binds a volume, then waits until the claim is bound", () => {
  const { work, action, objects } = written(
    [storageClass("wait"), claim("data"), volume("v")],
    "updateVolume",
  );
  assert.equal(work.timeoutMs, 600_000);
  assert.ok(action.kind === "updateVolume");
  assert.equal(work.isDone(), false, "the write has not come back");
  objects.set(action.volume);
  assert.equal(work.isDone(), false, "the volume controller has not bound the claim");
  objects.set(boundClaim("data", "v"));
  assert.equal(work.isDone(), true);
});

test("VolumeBinding preBind fails when the volume is unbound, gone or out of reach", () => {
  const start = () => {
    const at = written([storageClass("wait"), claim("data"), volume("v")], "updateVolume");
    assert.ok(at.action.kind === "updateVolume");
    return { ...at, bound: at.action.volume };
  };
  const reset = start();
  reset.objects.set(volume("v"));
  assert.deepEqual(reset.work.isDone(), failed('ClaimRef got reset for pv "v"'));
  const gone = start();
  gone.objects.delete("PersistentVolume", "v");
  assert.deepEqual(gone.work.isDone(), failed('failed to check binding: persistentvolumes "v" not found'));
  const moved = start();
  const elsewhere: PersistentVolume = {
    ...moved.bound,
    spec: { ...moved.bound.spec, nodeAffinity: onNodes("there") },
  };
  moved.objects.set(elsewhere);
  assert.deepEqual(
    moved.work.isDone(),
    failed('pv "v" node affinity doesn\'t match node "here": no matching NodeSelectorTerms'),
  );
});

test("VolumeBinding preBind asks for a volume on the node, then waits until it is bound", () => {
  const { work, action, objects } = written([provisioned, claim("data")], "updateClaim");
  assert.ok(action.kind === "updateClaim");
  assert.equal(action.claim.metadata.annotations?.[SELECTED], "here");
  assert.equal(work.isDone(), false);
  objects.set(action.claim);
  assert.equal(work.isDone(), false);
  objects.set(boundClaim("data", "made", {}, { [SELECTED]: "here" }));
  assert.equal(work.isDone(), false, "the claim is told of before its volume");
  objects.set(volume("made", { nodeAffinity: onNodes("here") }));
  assert.equal(work.isDone(), true);
});

test("VolumeBinding preBind fails when the provisioner gives up", () => {
  const { work, objects } = written([provisioned, claim("data")], "updateClaim");
  const withdrawn: PersistentVolumeClaim = claim("data", {}, { annotations: {} });
  objects.set(withdrawn);
  assert.deepEqual(work.isDone(), failed('provisioning failed for PVC "data"'));
  objects.set(claim("data"));
  assert.deepEqual(work.isDone(), failed('selectedNode annotation reset for PVC "data"'));
  objects.delete("PersistentVolumeClaim", "default/data");
  assert.deepEqual(
    work.isDone(),
    failed('failed to check provisioning pvc: persistentvolumeclaims "default/data" not found'),
  );
});

test("VolumeBinding scores only with a shape", () => {
  const shape = [
    { utilization: 0, score: 0 },
    { utilization: 100, score: 10 },
  ];
  const fake = handle(
    [],
    [storageClass("wait"), claim("data", { size: "5Gi" }), volume("v", { size: "10Gi" })],
  );
  const state = new CycleState();
  const info = pod("p", using("data"));
  assert.equal(createVolumeBinding(ARGS, fake).preScore()?.code, "Skip");
  const plugin = createVolumeBinding({ ...ARGS, shape }, fake);
  assert.equal(plugin.preScore(), null);
  plugin.preFilter(state, info);
  const here = node("here");
  plugin.filter(state, info, here);
  assert.equal(plugin.score(state, info, here), 50);
});

test("VolumeBinding hints queue for what may give the Pod its volumes", () => {
  const events = setUp([]).plugin.eventsToRegister();
  const ask = (resource: string, before: unknown, after: unknown, spec = using("data")) =>
    events.find((event) => event.resource === resource)?.hint?.(pod("p", spec), { before, after });
  assert.equal(ask("PersistentVolumeClaim", null, claim("data")), "Queue");
  assert.equal(ask("PersistentVolumeClaim", null, claim("other")), "Skip");
  assert.equal(
    ask("PersistentVolumeClaim", null, claim("p-scratch"), { volumes: [{ name: "scratch", ephemeral: {} }] }),
    "Queue",
  );
  assert.equal(ask("StorageClass", null, storageClass("wait")), "Queue");
  const allowing = storageClass("wait", { allowedTopologies: [{}] });
  assert.equal(ask("StorageClass", storageClass("wait"), allowing), "Queue");
  assert.equal(ask("StorageClass", allowing, allowing), "Skip");
  assert.equal(ask("CSINode", csiNode("n"), csiNode("n", {}, ["kubernetes.io/aws-ebs"])), "Queue");
  assert.equal(ask("CSINode", csiNode("n", { d: 1 }), csiNode("n", { d: 2 })), "Skip");
  const driver = (storageCapacity: boolean) => ({ metadata: { name: "d" }, spec: { storageCapacity } });
  const inline = mounting({ csi: { driver: "d" } });
  assert.equal(ask("CSIDriver", driver(true), driver(false), inline), "Queue");
  assert.equal(ask("CSIDriver", driver(false), driver(true), inline), "Skip");
  assert.equal(ask("CSIDriver", driver(true), driver(false)), "Skip");
  assert.equal(ask("CSIStorageCapacity", null, { capacity: "1Gi" }), "Queue");
  assert.equal(ask("CSIStorageCapacity", { capacity: "1Gi" }, { capacity: "2Gi" }), "Queue");
  assert.equal(ask("CSIStorageCapacity", { capacity: "2Gi" }, { capacity: "2048Mi" }), "Skip");
  assert.equal(events.find(({ resource }) => resource === "PersistentVolume")?.hint, undefined);
});
