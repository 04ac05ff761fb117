import assert from "node:assert/strict";
import { test } from "node:test";
import { GeneratedNames, makeObject, type Making } from "./made-objects.js";
import { makeNamespaces, makeNodes } from "./make-nodes.js";
import { podMaker } from "./make-pods.js";
import { TemplateStore } from "./object-template.js";
import type { CreateNodes, CreatePods } from "./ops.js";
import { AT, CREATE_NODES, CREATE_PODS } from "./ops.test-data.js";

const FILES: Readonly<Record<string, string>> = {
  node: "apiVersion: v1\nkind: Node\nmetadata: { generateName: n- }\nstatus: { capacity: { cpu: 4, pods: 110 } }\n",
  pod: "apiVersion: v1\nkind: Pod\nmetadata: { generateName: p-, labels: { a: b } }\nspec: { priority: 3 }\n",
  pvc: "apiVersion: v1\nkind: PersistentVolumeClaim\nspec: { accessModes: [ReadOnlyMany] }\n",
  csi: "apiVersion: v1\nkind: PersistentVolume\nspec: { csi: { driver: d, volumeHandle: x } }\n",
  aws: "apiVersion: v1\nkind: PersistentVolume\nspec: { awsElasticBlockStore: { volumeID: x } }\n",
  namespace: "apiVersion: v1\nkind: Namespace\nmetadata: { labels: { team: devops } }\n",
  service:
    "apiVersion: v1\nkind: Service\nmetadata: { generateName: s- }\nspec: { selector: { app: '{{.app}}' } }\n",
};

const NODES: CreateNodes = { ...CREATE_NODES, count: 3, nodeTemplatePath: "node" };
const PODS: CreatePods = { ...CREATE_PODS, namespace: "ns", count: 4, podTemplatePath: "pod" };

function making(): Making {
  return { templates: new TemplateStore((path) => FILES[path] as string), names: new GeneratedNames() };
}

test("makeNodes names nodes, labels them in turn and lets them allocate what they have", () => {
  const labelNodePrepareStrategy = { labelKey: "zone", labelValues: ["a", "b"] };
  const { nodes, csiNodes } = makeNodes({ ...NODES, labelNodePrepareStrategy }, 0, making());
  assert.deepEqual(
    nodes.map((node) => node.metadata.labels),
    [
      { "kubernetes.io/hostname": "n-00000", zone: "a" },
      { "kubernetes.io/hostname": "n-00001", zone: "b" },
      { "kubernetes.io/hostname": "n-00002", zone: "a" },
    ],
  );
  assert.deepEqual(nodes[0]?.status?.allocatable, { cpu: 4, pods: 110 });
  assert.deepEqual(csiNodes, []);
});

test("makeNodes gives each node a label of its own, and one of 4 CPU, when there is no template", () => {
  const op = { ...NODES, nodeTemplatePath: null, uniqueNodeLabelStrategy: { labelKey: "only" } };
  const { nodes } = makeNodes(op, 5, making());
  assert.deepEqual(nodes[1]?.metadata.labels, {
    "kubernetes.io/hostname": "node-5-00001",
    only: "node-5-00001",
  });
  assert.deepEqual(nodes[1]?.status?.allocatable, { pods: "110", cpu: "4", memory: "32Gi" });
});

test("makeNodes makes CSINodes, when the operation limits volumes", () => {
  const nodeAllocatableStrategy = {
    nodeAllocatable: { "attachable-volumes-csi-d": "39" },
    csiNodeAllocatable: { d: { count: 39 } },
    migratedPlugins: ["kubernetes.io/aws-ebs"],
  };
  const { nodes, csiNodes } = makeNodes({ ...NODES, nodeAllocatableStrategy }, 0, making());
  assert.equal(nodes[2]?.status?.allocatable?.["attachable-volumes-csi-d"], "39");
  assert.equal(csiNodes.length, 3);
  assert.deepEqual(csiNodes[2]?.spec.drivers, [{ name: "d", nodeID: "n-00002", allocatable: { count: 39 } }]);
  assert.equal(
    csiNodes[2]?.metadata.annotations?.["storage.alpha.kubernetes.io/migrated-plugins"],
    "kubernetes.io/aws-ebs",
  );
});

test("podMaker shares the spec and makes names, when the template has no actions", () => {
  const make = podMaker(PODS, making());
  const [first, second] = [make(0).pod, make(1).pod];
  assert.equal(first.spec, second.spec);
  assert.deepEqual(
    [first.metadata.name, second.metadata.name, second.metadata.namespace],
    ["p-00000", "p-00001", "ns"],
  );
  assert.deepEqual(first.metadata.labels, { a: "b" });
});

test("podMaker labels Pods in batches, when a signature batch size is set", () => {
  const make = podMaker({ ...PODS, signatureBatchSize: 2 }, making());
  const signatures = [0, 1, 2, 3].map((index) => make(index).pod.metadata.labels?.["signature"]);
  assert.deepEqual(
    signatures,
    [0, 0, 1, 1].map((batch) => `signature-label-${batch}`),
  );
});

test("podMaker binds a claim and a volume to each other, when the operation has templates for them", () => {
  const paths = { persistentVolumeTemplatePath: "csi", persistentVolumeClaimTemplatePath: "pvc" };
  const { pod, persistentVolume, persistentVolumeClaim } = podMaker({ ...PODS, ...paths }, making())(2);
  assert.deepEqual(pod.spec?.volumes, [{ name: "vol", persistentVolumeClaim: { claimName: "pvc-2" } }]);
  assert.equal(pod.spec?.priority, 3);
  assert.deepEqual(persistentVolumeClaim?.metadata, {
    name: "pvc-2",
    namespace: "ns",
    annotations: { "pv.kubernetes.io/bind-completed": "yes" },
  });
  assert.equal(persistentVolumeClaim?.spec?.volumeName, "ns-vol-2");
  assert.equal(persistentVolumeClaim?.status?.phase, "Bound");
  assert.deepEqual(persistentVolume?.spec, {
    csi: { driver: "d", volumeHandle: "ns-vol-2" },
    claimRef: { name: "pvc-2", namespace: "ns" },
  });
  const aws = podMaker({ ...PODS, ...paths, persistentVolumeTemplatePath: "aws" }, making())(2);
  assert.deepEqual(aws.persistentVolume?.spec.awsElasticBlockStore, { volumeID: "vol-2" });
});

test("makeObject puts objects into the namespace, when their kind has one", () => {
  const order = { namespace: "ns", index: 0, count: 1, templateParams: { app: "web" } };
  const service = makeObject({ ...order, templatePath: "service" }, making());
  assert.deepEqual(service.metadata, { generateName: "s-", name: "s-00000", namespace: "ns" });
  assert.equal(makeObject({ ...order, templatePath: "node" }, making()).metadata.namespace, undefined);
});

test("makeNamespaces numbers namespaces and keeps the template's labels", () => {
  const op = { opcode: "createNamespaces", at: AT, prefix: "init", count: 2 } as const;
  const namespaces = makeNamespaces({ ...op, namespaceTemplatePath: "namespace" }, making());
  assert.deepEqual(
    namespaces.map(({ metadata }) => metadata),
    [
      { labels: { team: "devops" }, name: "init-0" },
      { labels: { team: "devops" }, name: "init-1" },
    ],
  );
});
