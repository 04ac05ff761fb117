import assert from "node:assert/strict";
import { test } from "node:test";
import type { VolumeAttachment } from "../../../api/scheduling.js";
import { CycleState } from "../../framework/cycle-state.js";
import { handle, node, pod } from "../cluster.test-data.js";
import { boundClaim, claim, csiNode, mounting, storageClass, using, volume } from "../volumes.test-data.js";
import { createNodeVolumeLimits } from "./node-volume-limits.js";

type Objects = NonNullable<Parameters<typeof handle>[1]>;

const DRIVER = "disk.example.com";
const EBS = "ebs.csi.aws.com";
const EBS_PLUGIN = "kubernetes.io/aws-ebs";
const EXCEEDED = "node(s) exceed max volume count";

/** Claims "c0".."cN-1", each bound to a CSI volume of its own. */
function csiClaims(count: number): Objects {
  return Array.from({ length: count }, (_, index) => [
    boundClaim(`c${index}`, `v${index}`),
    volume(`v${index}`, { csi: { driver: DRIVER, volumeHandle: `h${index}` } }),
  ]).flat();
}

function attachment(nodeName: string, persistentVolumeName: string): VolumeAttachment {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "VolumeAttachment",
    metadata: { name: `${nodeName} ${persistentVolumeName}` },
    spec: { attacher: DRIVER, nodeName, source: { persistentVolumeName } },
  };
}

/** The verdict on node "n", where a Pod with the spec `there` runs. */
function verdict(objects: Objects, wanted: ReturnType<typeof using>, there: ReturnType<typeof using> = {}) {
  const plugin = createNodeVolumeLimits(null, handle([], objects));
  const info = pod("p", wanted);
  const status = plugin.filter(new CycleState(), info, node("n", {}, [pod("q", there)]));
  return status === null ? "fits" : `${status.code}: ${status.reasons}`;
}

test("NodeVolumeLimits counts volumes of the node's Pods and the new ones against the driver's limit", () => {
  const objects = [...csiClaims(3), csiNode("n", { [DRIVER]: 2 })];
  assert.equal(verdict(objects, using("c0"), using("c1")), "fits");
  assert.equal(verdict(objects, using("c0"), using("c1", "c2")), `Unschedulable: ${EXCEEDED}`);
  assert.equal(verdict(objects, using("c0", "c1", "c2")), `Unschedulable: ${EXCEEDED}`);
});

test("NodeVolumeLimits counts a volume that several Pods use once", () => {
  const objects = [...csiClaims(2), csiNode("n", { [DRIVER]: 2 })];
  assert.equal(verdict(objects, using("c0"), using("c0", "c1")), "fits");
});

test("NodeVolumeLimits passes nodes without CSINode or limit, and other drivers' limits", () => {
  assert.equal(verdict(csiClaims(1), using("c0")), "fits");
  assert.equal(verdict([...csiClaims(1), csiNode("n", { other: 0 })], using("c0")), "fits");
});

test("NodeVolumeLimits counts attachments that no Pod on the node uses", () => {
  const objects = [...csiClaims(3), csiNode("n", { [DRIVER]: 2 })];
  assert.equal(verdict([...objects, attachment("n", "v1")], using("c0")), "fits");
  const attached = [attachment("n", "v1"), attachment("n", "v2"), attachment("other", "v0")];
  assert.equal(verdict([...objects, ...attached], using("c0")), `Unschedulable: ${EXCEEDED}`);
  assert.equal(verdict([...objects, attachment("n", "v1")], using("c0"), using("c1")), "fits");
});

test("NodeVolumeLimits counts claims yet to be provisioned for by the driver of their class", () => {
  const objects = [
    claim("a"),
    claim("b"),
    storageClass("wait", { provisioner: DRIVER }),
    csiNode("n", { [DRIVER]: 1 }),
  ];
  assert.equal(verdict(objects, using("a")), "fits");
  assert.equal(verdict(objects, using("a"), using("b")), `Unschedulable: ${EXCEEDED}`);
  assert.equal(verdict(objects, using("a"), using("a")), "fits");
});

test("NodeVolumeLimits counts in-tree volumes where their plugin is migrated", () => {
  const ebs = (id: string) => mounting({ awsElasticBlockStore: { volumeID: id } });
  const migrated = csiNode("n", { [EBS]: 1 }, [EBS_PLUGIN]);
  assert.equal(verdict([migrated], ebs("vol-1"), ebs("vol-2")), `Unschedulable: ${EXCEEDED}`);
  assert.equal(verdict([migrated], ebs("aws://zone/vol-1"), ebs("vol-1")), "fits");
  assert.equal(verdict([csiNode("n", { [EBS]: 1 })], ebs("vol-1"), ebs("vol-2")), "fits");
  const inTree = volume("pv", { awsElasticBlockStore: { volumeID: "vol-1" } });
  const bound = [migrated, boundClaim("data", "pv"), inTree];
  assert.equal(verdict(bound, using("data"), ebs("vol-2")), `Unschedulable: ${EXCEEDED}`);
  assert.equal(verdict(bound, using("data"), ebs("vol-1")), "fits");
});

test("NodeVolumeLimits rejects a new Pod whose claim is missing, and counts nothing for one that runs", () => {
  const objects = [...csiClaims(1), csiNode("n", { [DRIVER]: 1 })];
  assert.equal(
    verdict(objects, using("gone")),
    'UnschedulableAndUnresolvable: looking up PVC default/gone: persistentvolumeclaim "gone" not found',
  );
  assert.equal(verdict(objects, using("c0"), using("gone")), "fits");
});

test("NodeVolumeLimits skips Pods without claims or migratable volumes", () => {
  const plugin = createNodeVolumeLimits(null, handle());
  const code = (spec: ReturnType<typeof mounting>) =>
    plugin.preFilter(new CycleState(), pod("p", spec)).status?.code;
  assert.equal(code(mounting({ emptyDir: {} }, { csi: { driver: DRIVER } })), "Skip");
  assert.equal(code(mounting({ gcePersistentDisk: { pdName: "d" } })), undefined);
  assert.equal(code(mounting({ ephemeral: {} })), undefined);
});

test("NodeVolumeLimits hints queue when room for volumes grows", () => {
  const events = createNodeVolumeLimits(null, handle()).eventsToRegister();
  const ask = (resource: string, before: unknown, after: unknown, info = pod("p", using("data"))) =>
    events.findLast((event) => event.resource === resource)?.hint?.(info, { before, after });
  assert.equal(ask("CSINode", csiNode("n", { d: 1 }), csiNode("n", { d: 2 })), "Queue");
  assert.equal(ask("CSINode", csiNode("n", { d: 2 }), csiNode("n", { d: 1 })), "Skip");
  assert.equal(ask("AssignedPod", pod("q", { nodeName: "n", ...using("x") }), null), "Queue");
  assert.equal(ask("AssignedPod", pod("q", { nodeName: "n" }), null), "Skip");
  assert.equal(ask("AssignedPod", pod("q", using("x")), null), "Skip");
  assert.equal(ask("PersistentVolumeClaim", null, claim("data")), "Queue");
  assert.equal(ask("PersistentVolumeClaim", null, claim("other")), "Skip");
  const inline = pod("p", mounting({ awsElasticBlockStore: { volumeID: "vol-1" } }));
  assert.equal(ask("VolumeAttachment", attachment("n", "v0"), null), "Queue");
  assert.equal(ask("VolumeAttachment", attachment("n", "v0"), null, inline), "Skip");
});
