import assert from "node:assert/strict";
import { test } from "node:test";
import { PERSISTENT_VOLUMES, STORAGE_CLASSES, VOLUME_ATTACHMENTS } from "../client/cluster-resources.js";
import { NODES, PERSISTENT_VOLUME_CLAIMS, PODS } from "../client/resources.js";
import { attachDetachController } from "../controllers/volumes/attach-detach-controller.js";
import {
  claimProtectionController,
  volumeProtectionController,
} from "../controllers/volumes/protection-controllers.js";
import { persistentVolumeBinder } from "../controllers/volumes/volume-binder.js";
import { nodeObject, podObject, startRealCluster } from "./real-cluster.test-data.js";

const CONTROLLERS = [
  persistentVolumeBinder,
  claimProtectionController,
  volumeProtectionController,
  attachDetachController,
];

function claimObject(name: string, storageClassName?: string): object {
  const resources = { requests: { storage: "1Gi" } };
  const spec = {
    accessModes: ["ReadWriteOnce"],
    resources,
    ...(storageClassName === undefined ? {} : { storageClassName }),
  };
  return { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name }, spec };
}

test("a volume is provisioned when its node is chosen, attached, kept while used, and deleted after its claim", async () => {
  const cluster = await startRealCluster(CONTROLLERS);
  const { timers, of } = cluster;
  await of(NODES, null).create(nodeObject("node-1"));
  await of(STORAGE_CLASSES, null).create({
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "fast" },
    provisioner: "plumbline.dev/hollow",
    reclaimPolicy: "Delete",
    volumeBindingMode: "WaitForFirstConsumer",
  });
  const claims = of(PERSISTENT_VOLUME_CLAIMS);
  const { metadata } = await claims.create(claimObject("data", "fast"));
  await timers.advance(1000);
  assert.equal((await claims.get("data")).status?.phase, "Pending");
  await claims.patch("data", "merge", {
    metadata: { annotations: { "volume.kubernetes.io/selected-node": "node-1" } },
  });
  await timers.advance(1000);
  const bound = await claims.get("data");
  assert.deepEqual(
    [bound.status?.phase, bound.spec?.volumeName, bound.status?.capacity],
    ["Bound", `pvc-${metadata.uid}`, { storage: "1Gi" }],
  );
  const [volume] = await cluster.all(PERSISTENT_VOLUMES);
  assert.deepEqual([volume?.status?.phase, volume?.spec?.claimRef?.uid], ["Bound", metadata.uid]);
  const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }];
  await of(PODS).create(
    podObject("db", { spec: { nodeName: "node-1", volumes, containers: [{ name: "main", image: "db:1" }] } }),
  );
  await timers.advance(1000);
  const { status } = await of(NODES, null).get("node-1");
  assert.deepEqual(status?.volumesAttached, [
    { name: `kubernetes.io/csi/plumbline.dev/hollow^pvc-${metadata.uid}`, devicePath: "" },
  ]);
  await claims.delete("data");
  await timers.advance(1000);
  assert.notEqual((await claims.get("data")).metadata.deletionTimestamp, undefined);
  await of(PODS).delete("db", { gracePeriodSeconds: 0 });
  await timers.advance(60_000);
  assert.deepEqual(await cluster.all(PERSISTENT_VOLUME_CLAIMS), []);
  assert.deepEqual(await cluster.all(PERSISTENT_VOLUMES), []);
  assert.deepEqual(await cluster.all(VOLUME_ATTACHMENTS), []);
  assert.deepEqual((await of(NODES, null).get("node-1")).status?.volumesAttached ?? [], []);
  const events = await cluster.events();
  assert.ok(
    events.includes("Normal WaitForFirstConsumer waiting for first consumer to be created before binding"),
  );
  assert.ok(
    events.includes(`Normal ProvisioningSucceeded Successfully provisioned volume pvc-${metadata.uid}`),
  );
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("persistentVolumeBinder gives two claims two volumes, and retains what is released", async () => {
  const cluster = await startRealCluster(CONTROLLERS);
  for (const name of ["one", "two"])
    await cluster.of(PERSISTENT_VOLUMES, null).create({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name },
      spec: {
        capacity: { storage: "2Gi" },
        accessModes: ["ReadWriteOnce"],
        persistentVolumeReclaimPolicy: "Retain",
        hostPath: { path: `/${name}` },
      },
    });
  await cluster.timers.advance(1000);
  for (const name of ["a", "b", "c"]) await cluster.of(PERSISTENT_VOLUME_CLAIMS).create(claimObject(name));
  await cluster.timers.advance(1000);
  const phases = (await cluster.all(PERSISTENT_VOLUME_CLAIMS)).map(({ status }) => status?.phase).sort();
  assert.deepEqual(phases, ["Bound", "Bound", "Pending"]);
  const { spec } = await cluster.of(PERSISTENT_VOLUME_CLAIMS).get("a");
  await cluster.of(PERSISTENT_VOLUME_CLAIMS).delete("a");
  await cluster.timers.advance(1000);
  const released = await cluster.of(PERSISTENT_VOLUMES, null).get(spec?.volumeName ?? "");
  assert.equal(released.status?.phase, "Released");
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("a bound claim that asks for more gets it, and its volume with it, when its class allows it", async () => {
  const cluster = await startRealCluster(CONTROLLERS);
  const { timers, of } = cluster;
  const claims = of(PERSISTENT_VOLUME_CLAIMS);
  for (const [name, allowVolumeExpansion] of [
    ["elastic", true],
    ["fixed", false],
  ] as const) {
    await of(STORAGE_CLASSES, null).create({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name },
      provisioner: "plumbline.dev/hollow",
      allowVolumeExpansion,
      volumeBindingMode: "Immediate",
    });
    await claims.create(claimObject(name, name));
  }
  await timers.advance(1000);
  const more = { spec: { resources: { requests: { storage: "3Gi" } } } };
  const { spec } = await claims.patch("elastic", "merge", more);
  await claims.patch("fixed", "merge", more).catch(() => null);
  await timers.advance(1000);
  assert.deepEqual((await claims.get("elastic")).status?.capacity, { storage: "3Gi" });
  const grown = await of(PERSISTENT_VOLUMES, null).get(spec?.volumeName ?? "");
  assert.deepEqual(grown.spec?.capacity, { storage: "3Gi" });
  assert.deepEqual((await claims.get("fixed")).status?.capacity, { storage: "1Gi" });
  assert.deepEqual(cluster.errors, []);
});
