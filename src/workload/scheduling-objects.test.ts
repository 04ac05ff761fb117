import assert from "node:assert/strict";
import test from "node:test";
import type { PlumbError } from "../base/errors.js";
import { readDocuments } from "./documents.js";
import { readSchedulingObjects } from "./scheduling-objects.js";

function read(text: string) {
  return readSchedulingObjects(readDocuments([{ file: "cluster.yaml", text }]));
}

const CLUSTER = `
apiVersion: v1
kind: Node
metadata: { name: a, labels: { zone: z1 } }
spec: { taints: [{ key: spot, effect: NoSchedule }], providerID: somewhere }
status: { allocatable: { cpu: 4, memory: 8Gi, pods: 110 } }
---
apiVersion: v1
kind: Pod
metadata: { name: web }
spec: { priorityClassName: high, containers: [{ name: web, image: web, command: [run] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: old, namespace: shop }
spec: { priority: 3, nodeName: a, containers: [] }
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: { name: high }
value: 1000
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: fast }
provisioner: csi.example.com
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
`;

test("readSchedulingObjects keeps objects whole, fills in namespace and priority, and counts what it does not read", () => {
  const { nodes, pods, others, ignoredKinds } = read(CLUSTER);
  assert.deepEqual(nodes[0]?.spec, {
    taints: [{ key: "spot", effect: "NoSchedule" }],
    providerID: "somewhere",
  });
  assert.deepEqual(
    pods.map(({ metadata, spec }) => [metadata.namespace, metadata.name, spec?.priority]),
    [
      ["default", "web", 1000],
      ["shop", "old", 3],
    ],
  );
  assert.deepEqual(
    others.map(({ kind }) => kind),
    ["StorageClass"],
  );
  assert.deepEqual([...ignoredKinds], [["Deployment", 1]]);
});

test("readSchedulingObjects tells every mistake with its place", () => {
  const text = `
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers: [{ resources: { requests: { cpu: lots } } }]
  topologySpreadConstraints: [{ topologyKey: zone, whenUnsatisfiable: Never }]
---
apiVersion: v1
kind: Node
metadata: { name: a }
---
apiVersion: v1
kind: Node
metadata: { name: a }
`;
  assert.throws(
    () => read(text),
    (error: PlumbError) => {
      assert.equal(error.code, "InvalidInput");
      assert.match(
        error.message,
        /^cluster\.yaml:6:\d+: Pod: spec\.containers\[0\]\.resources\.requests\.cpu is 'lots'/,
      );
      assert.match(error.message, /whenUnsatisfiable is 'Never', expected DoNotSchedule or ScheduleAnyway/);
      assert.match(error.message, /maxSkew is missing/);
      assert.match(error.message, /Node 'a' stands twice, expected once; the first is at cluster\.yaml:11/);
      return true;
    },
  );
});
