import assert from "node:assert/strict";
import { test } from "node:test";
import type { PersistentVolume } from "../../../api/scheduling.js";
import { CycleState } from "../../framework/cycle-state.js";
import { handle, node, pod } from "../cluster.test-data.js";
import { boundClaim, claim, storageClass, using, volume } from "../volumes.test-data.js";
import { createVolumeZone } from "./volume-zone.js";

const ZONE = "topology.kubernetes.io/zone";
const BETA_ZONE = "failure-domain.beta.kubernetes.io/zone";
const REGION = "topology.kubernetes.io/region";

type Labels = Readonly<Record<string, string>>;

/** The verdict on a node for a Pod with one claim, bound to a volume with these labels. */
function verdict(volumeLabels: Labels, nodeLabels: Labels): string {
  const objects = [boundClaim("data", "pv"), volume("pv", {}, { labels: volumeLabels })];
  const plugin = createVolumeZone(null, handle([], objects));
  const state = new CycleState();
  const info = pod("p", using("data"));
  const { status } = plugin.preFilter(state, info);
  if (status !== null) return status.code;
  return plugin.filter(state, info, node("n", { labels: nodeLabels }))?.reasons.join() ?? "fits";
}

const CONFLICT = "node(s) had no available volume zone";

test("VolumeZone keeps a Pod in the zone of its volume", () => {
  assert.equal(verdict({ [ZONE]: "a" }, { [ZONE]: "a" }), "fits");
  assert.equal(verdict({ [ZONE]: "a" }, { [ZONE]: "b" }), CONFLICT);
});

test("VolumeZone takes any zone of a volume that names several", () => {
  assert.equal(verdict({ [ZONE]: "a__b" }, { [ZONE]: "b" }), "fits");
  assert.equal(verdict({ [ZONE]: "a__b" }, { [ZONE]: "c" }), CONFLICT);
});

test("VolumeZone asks for every label of the volume", () => {
  assert.equal(verdict({ [ZONE]: "a", [REGION]: "r" }, { [ZONE]: "a", [REGION]: "r" }), "fits");
  assert.equal(verdict({ [ZONE]: "a", [REGION]: "r" }, { [ZONE]: "a" }), CONFLICT);
});

test("VolumeZone passes nodes without any zone label", () => {
  assert.equal(verdict({ [ZONE]: "a" }, {}), "fits");
});

test("VolumeZone reads the node's new label for the volume's old one, and not the reverse", () => {
  assert.equal(verdict({ [BETA_ZONE]: "a" }, { [ZONE]: "a" }), "fits");
  assert.equal(verdict({ [ZONE]: "a" }, { [BETA_ZONE]: "a" }), CONFLICT);
});

test("VolumeZone skips when no volume has a zone, or only an empty one", () => {
  assert.equal(verdict({}, { [ZONE]: "a" }), "Skip");
  assert.equal(verdict({ [ZONE]: "a__" }, { [ZONE]: "b" }), "Skip");
});

test("VolumeZone preFilter rejects claims it cannot follow, each with its reason", () => {
  const cases: [Parameters<typeof handle>[1], string][] = [
    [[], 'persistentvolumeclaim "data" not found'],
    [[boundClaim("data", "pv")], 'persistentvolume "pv" not found'],
    [[claim("data", { storageClassName: "" })], "PersistentVolumeClaim had no pv name and storageClass name"],
    [[claim("data")], 'storageclass.storage.k8s.io "wait" not found'],
    [[claim("data", { storageClassName: "now" }), storageClass("now")], "PersistentVolume had no name"],
  ];
  for (const [objects, reason] of cases) {
    const { status } = createVolumeZone(null, handle([], objects)).preFilter(
      new CycleState(),
      pod("p", using("data")),
    );
    assert.deepEqual(status, {
      code: "UnschedulableAndUnresolvable",
      reasons: [reason],
      plugin: "VolumeZone",
    });
  }
  const unnamed = createVolumeZone(null, handle()).preFilter(new CycleState(), pod("p", using("")));
  assert.deepEqual(unnamed.status?.reasons, ["PersistentVolumeClaim had no name"]);
});

test("VolumeZone skips claims that wait for a consumer", () => {
  const plugin = createVolumeZone(null, handle([], [claim("data"), storageClass("wait")]));
  assert.equal(plugin.preFilter(new CycleState(), pod("p", using("data"))).status?.code, "Skip");
});

test("VolumeZone hints queue for what can change its mind only", () => {
  const hints = new Map(
    createVolumeZone(null, handle())
      .eventsToRegister()
      .map(({ resource, hint }) => [resource, hint]),
  );
  const info = pod("p", using("data"));
  const ask = (resource: Parameters<typeof hints.get>[0], before: unknown, after: unknown) =>
    hints.get(resource)?.(info, { before, after });
  assert.equal(ask("StorageClass", null, storageClass("wait")), "Queue");
  assert.equal(ask("StorageClass", null, storageClass("now")), "Skip");
  assert.equal(ask("PersistentVolumeClaim", null, claim("data")), "Queue");
  assert.equal(ask("PersistentVolumeClaim", null, claim("data", {}, { namespace: "other" })), "Skip");
  assert.equal(ask("PersistentVolumeClaim", null, claim("other")), "Skip");
  const inZone = (zone: string): PersistentVolume => volume("pv", {}, { labels: { [ZONE]: zone } });
  assert.equal(ask("PersistentVolume", null, inZone("a")), "Queue");
  assert.equal(ask("PersistentVolume", inZone("a"), inZone("b")), "Queue");
  assert.equal(ask("PersistentVolume", inZone("a"), inZone("a")), "Skip");
});
