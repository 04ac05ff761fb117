import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeSelectorRequirement } from "../../api/scheduling.js";
import {
  csiVolumeOf,
  isMigratedOn,
  provisioningDriver,
  volumeAffinity,
  zonesLabelOf,
} from "./csi-migration.js";
import { csiNode, volume } from "./volumes.test-data.js";

const EBS = "kubernetes.io/aws-ebs";
const GCE = "kubernetes.io/gce-pd";
const ZONE = "topology.kubernetes.io/zone";
const BETA_ZONE = "failure-domain.beta.kubernetes.io/zone";
const MIGRATED = csiNode("n", {}, [EBS, GCE]);

test("isMigratedOn follows the node's annotation, for plugins that can be migrated", () => {
  assert.equal(isMigratedOn(MIGRATED, EBS), true);
  assert.equal(isMigratedOn(csiNode("n", {}, [GCE]), EBS), false);
  assert.equal(isMigratedOn(undefined, EBS), false);
  const vsphere = "kubernetes.io/vsphere-volume";
  assert.equal(isMigratedOn(csiNode("n", {}, [vsphere]), vsphere), false);
});

test("provisioningDriver is the CSI driver that provisions, if the node has one", () => {
  assert.equal(provisioningDriver("disk.example.com", undefined), "disk.example.com");
  assert.equal(provisioningDriver(EBS, MIGRATED), "ebs.csi.aws.com");
  assert.equal(provisioningDriver(EBS, undefined), null);
});

test("csiVolumeOf reads EBS volumes with and without their zone alike", () => {
  const handle = (volumeID: string) => csiVolumeOf({ awsElasticBlockStore: { volumeID } }, MIGRATED)?.handle;
  assert.equal(handle("vol-1"), "vol-1");
  assert.equal(handle("aws://us-east-1a/vol-1"), "vol-1");
  assert.equal(handle("aws:///vol-1"), "vol-1");
  assert.equal(handle("aws://us-east-1a/snap-1"), undefined);
});

test("csiVolumeOf names GCE disks by zone, by region when in several zones", () => {
  const handle = (zones: string) =>
    csiVolumeOf({ gcePersistentDisk: { pdName: "d" } }, MIGRATED, zones)?.handle;
  assert.equal(handle(""), "projects/UNSPECIFIED/zones/UNSPECIFIED/disks/d");
  assert.equal(handle("us-central1-a"), "projects/UNSPECIFIED/zones/us-central1-a/disks/d");
  assert.equal(handle("us-central1-a__us-central1-b"), "projects/UNSPECIFIED/regions/us-central1/disks/d");
  assert.equal(handle("us-central1-a__us-east1-b"), undefined);
});

test("csiVolumeOf leaves in-tree volumes alone where they are not migrated", () => {
  assert.equal(csiVolumeOf({ awsElasticBlockStore: { volumeID: "vol-1" } }, csiNode("n")), null);
  assert.deepEqual(csiVolumeOf({ csi: { driver: "d", volumeHandle: "h" } }, undefined), {
    driver: "d",
    handle: "h",
  });
});

test("zonesLabelOf prefers the older label", () => {
  assert.equal(zonesLabelOf(volume("v", {}, { labels: { [ZONE]: "new", [BETA_ZONE]: "old" } })), "old");
  assert.equal(zonesLabelOf(volume("v", {}, { labels: { [ZONE]: "new" } })), "new");
});

const isIn = (key: string, ...values: string[]): NodeSelectorRequirement => ({ key, operator: "In", values });
const oneTerm = (...matchExpressions: NodeSelectorRequirement[]) => ({
  nodeSelectorTerms: [{ matchExpressions }],
});
const EBS_ZONE = "topology.ebs.csi.aws.com/zone";

test("volumeAffinity speaks the driver's topology key where the plugin is migrated", () => {
  const awsElasticBlockStore = { volumeID: "vol-1" };
  const inZone = volume("v", { awsElasticBlockStore, nodeAffinity: { required: oneTerm(isIn(ZONE, "a")) } });
  assert.deepEqual(volumeAffinity(inZone, MIGRATED), oneTerm(isIn(EBS_ZONE, "a")));
  assert.deepEqual(volumeAffinity(inZone, undefined), oneTerm(isIn(ZONE, "a")));
});

test("volumeAffinity takes zones from labels when the affinity has none", () => {
  const awsElasticBlockStore = { volumeID: "vol-1" };
  const labelled = volume("v", { awsElasticBlockStore }, { labels: { [ZONE]: "a__b" } });
  assert.deepEqual(volumeAffinity(labelled, MIGRATED), oneTerm(isIn(EBS_ZONE, "a", "b")));
  const host = isIn("kubernetes.io/hostname", "n");
  const both = volume(
    "v",
    { awsElasticBlockStore, nodeAffinity: { required: oneTerm(host) } },
    { labels: { [ZONE]: "a" } },
  );
  assert.deepEqual(volumeAffinity(both, MIGRATED), oneTerm(host, isIn(EBS_ZONE, "a")));
  assert.equal(volumeAffinity(volume("v", { awsElasticBlockStore }), MIGRATED), undefined);
});

test("volumeAffinity renames the old region label along with the old zone label", () => {
  const [region, betaRegion] = ["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"];
  const required = oneTerm(isIn(BETA_ZONE, "a"), isIn(betaRegion, "r"));
  const old = volume("v", { gcePersistentDisk: { pdName: "d" }, nodeAffinity: { required } });
  assert.deepEqual(
    volumeAffinity(old, MIGRATED),
    oneTerm(isIn("topology.gke.io/zone", "a"), isIn(region, "r")),
  );
});
