import assert from "node:assert/strict";
import { test } from "node:test";
import type { Volume } from "../../../api/scheduling.js";
import { CycleState } from "../../framework/cycle-state.js";
import { handle, node, pod } from "../cluster.test-data.js";
import { claim, mounting, using } from "../volumes.test-data.js";
import { createVolumeRestrictions } from "./volume-restrictions.js";

type Disk = Omit<Volume, "name">;

const DISK_CONFLICT = "node(s) had no available disk";
const CLAIM_CONFLICT =
  "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod";

/** The verdict on a node where a Pod already mounts `there`. */
function verdict(wanted: Disk, there: Disk): string {
  const plugin = createVolumeRestrictions(null, handle());
  const state = new CycleState();
  const info = pod("p", mounting(wanted));
  const { status } = plugin.preFilter(state, info);
  if (status !== null) return status.code;
  return plugin.filter(state, info, node("n", {}, [pod("q", mounting(there))]))?.reasons.join() ?? "fits";
}

test("VolumeRestrictions lets a GCE disk be shared only when all mount it read-only", () => {
  const disk = (pdName: string, readOnly?: boolean): Disk => ({
    gcePersistentDisk: readOnly === undefined ? { pdName } : { pdName, readOnly },
  });
  assert.equal(verdict(disk("d"), disk("d")), DISK_CONFLICT);
  assert.equal(verdict(disk("d", true), disk("d")), DISK_CONFLICT);
  assert.equal(verdict(disk("d", true), disk("d", true)), "fits");
  assert.equal(verdict(disk("d"), disk("e")), "fits");
});

test("VolumeRestrictions never lets an EBS volume be shared", () => {
  const disk = (volumeID: string): Disk => ({ awsElasticBlockStore: { volumeID, readOnly: true } });
  assert.equal(verdict(disk("d"), disk("d")), DISK_CONFLICT);
  assert.equal(verdict(disk("d"), disk("e")), "fits");
});

test("VolumeRestrictions takes iSCSI volumes of one IQN for the same", () => {
  const disk = (iqn: string, lun: number, readOnly: boolean): Disk => ({ iscsi: { iqn, lun, readOnly } });
  assert.equal(verdict(disk("q", 0, false), disk("q", 1, true)), DISK_CONFLICT);
  assert.equal(verdict(disk("q", 0, true), disk("q", 1, true)), "fits");
  assert.equal(verdict(disk("q", 0, false), disk("r", 0, false)), "fits");
});

test("VolumeRestrictions takes RBD images for the same when pool, name and a monitor are", () => {
  const disk = (monitors: string[], pool: string, image: string, readOnly = false): Disk => ({
    rbd: { monitors, pool, image, readOnly },
  });
  assert.equal(verdict(disk(["a", "b"], "p", "i"), disk(["b", "c"], "p", "i")), DISK_CONFLICT);
  assert.equal(verdict(disk(["a"], "p", "i"), disk(["b"], "p", "i")), "fits");
  assert.equal(verdict(disk(["a"], "p", "i"), disk(["a"], "q", "i")), "fits");
  assert.equal(verdict(disk(["a"], "p", "i"), disk(["a"], "p", "j")), "fits");
  assert.equal(verdict(disk(["a"], "p", "i", true), disk(["a"], "p", "i", true)), "fits");
});

test("VolumeRestrictions skips Pods without disks and claims in use", () => {
  assert.equal(verdict({ emptyDir: {} }, { emptyDir: {} }), "Skip");
});

test("VolumeRestrictions preFilter rejects a Pod whose claim is not there", () => {
  const { status } = createVolumeRestrictions(null, handle()).preFilter(
    new CycleState(),
    pod("p", using("data")),
  );
  assert.deepEqual(status, {
    code: "UnschedulableAndUnresolvable",
    reasons: ['persistentvolumeclaim "data" not found'],
    plugin: "VolumeRestrictions",
  });
});

test("VolumeRestrictions turns every node down while a ReadWriteOncePod claim is in use, and follows dry runs", () => {
  const user = pod("user", using("data"));
  const [used, free] = [node("used", {}, [user]), node("free")];
  const exclusive = claim("data", { accessModes: ["ReadWriteOncePod"] });
  const plugin = createVolumeRestrictions(null, handle([used, free], [exclusive]));
  const state = new CycleState();
  const info = pod("p", using("data"));
  assert.equal(plugin.preFilter(state, info).status, null);
  const expected = { code: "Unschedulable", reasons: [CLAIM_CONFLICT], plugin: "VolumeRestrictions" };
  assert.deepEqual(plugin.filter(state, info, used), expected);
  assert.deepEqual(plugin.filter(state, info, free), expected);

  const dry = state.clone();
  plugin.removePod(dry, info, user);
  assert.equal(plugin.filter(dry, info, used), null);
  assert.deepEqual(plugin.filter(state, info, used), expected);
  plugin.addPod(dry, info, user);
  assert.deepEqual(plugin.filter(dry, info, used), expected);
});

test("VolumeRestrictions skips a ReadWriteOncePod claim that nobody uses", () => {
  const exclusive = claim("data", { accessModes: ["ReadWriteOncePod"] });
  const plugin = createVolumeRestrictions(null, handle([node("n")], [exclusive]));
  assert.equal(plugin.preFilter(new CycleState(), pod("p", using("data"))).status?.code, "Skip");
});

test("VolumeRestrictions hints queue when a Pod with the same disk or claim goes, or the claim comes", () => {
  const events = createVolumeRestrictions(null, handle()).eventsToRegister();
  const hint = (resource: string) => events.find((event) => event.resource === resource)?.hint;
  const info = pod("p", using("data"));
  const afterDelete = (before: unknown) => hint("AssignedPod")?.(info, { before, after: null });
  assert.equal(afterDelete(pod("q", using("data"))), "Queue");
  assert.equal(afterDelete(pod("q", using("other"))), "Skip");
  assert.equal(afterDelete(pod("q", using("data"), { namespace: "other" })), "Skip");
  const disk = mounting({ awsElasticBlockStore: { volumeID: "d" } });
  assert.equal(hint("AssignedPod")?.(pod("p", disk), { before: pod("q", disk), after: null }), "Queue");
  const afterAdd = (after: unknown) => hint("PersistentVolumeClaim")?.(info, { before: null, after });
  assert.equal(afterAdd(claim("data")), "Queue");
  assert.equal(afterAdd(claim("data", {}, { namespace: "other" })), "Skip");
});
