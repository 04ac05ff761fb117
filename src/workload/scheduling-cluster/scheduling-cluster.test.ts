import assert from "node:assert/strict";
import test from "node:test";
import type { Pod } from "../../api/types.js";
import { generateSchedulingCluster } from "./scheduling-cluster.js";

const SPEC = { seed: 7, nodes: 120, pending: 300 };

test("generateSchedulingCluster gives the same cluster for the same seed, and another for another", () => {
  const cluster = generateSchedulingCluster(SPEC);
  assert.deepEqual(generateSchedulingCluster(SPEC), cluster);
  assert.notDeepEqual(generateSchedulingCluster({ ...SPEC, seed: 8 }).nodes, cluster.nodes);
  assert.equal(cluster.nodes.length, 120);
  assert.equal(cluster.pending.length, 300);
});

test("generateSchedulingCluster makes Pods that every plugin has something to say about", () => {
  const { pending } = generateSchedulingCluster(SPEC);
  const wishes: Readonly<Record<string, (pod: Pod) => unknown>> = {
    nodeSelector: ({ spec }) => spec?.nodeSelector,
    nodeAffinity: ({ spec }) => spec?.affinity?.nodeAffinity,
    podAffinity: ({ spec }) => spec?.affinity?.podAffinity,
    podAntiAffinity: ({ spec }) => spec?.affinity?.podAntiAffinity,
    spread: ({ spec }) => spec?.topologySpreadConstraints,
    tolerations: ({ spec }) => spec?.tolerations,
    volumes: ({ spec }) => spec?.volumes,
    sidecars: ({ spec }) => spec?.initContainers?.find(({ restartPolicy }) => restartPolicy === "Always"),
    hostPorts: ({ spec }) => spec?.containers?.find(({ ports }) => ports !== undefined),
    overhead: ({ spec }) => spec?.overhead,
    podLevelResources: ({ spec }) => spec?.resources,
    nodeName: ({ spec }) => spec?.nodeName,
    owner: ({ metadata }) => metadata.ownerReferences,
  };
  for (const [name, wish] of Object.entries(wishes))
    assert.ok(
      pending.some((pod) => wish(pod) !== undefined),
      `no Pod has ${name}`,
    );
});

test("generateSchedulingCluster gives every Pod a start of its own and every volume of a class a size of its own", () => {
  const { running, pending, others } = generateSchedulingCluster(SPEC);
  const starts = [...running, ...pending].map(({ status }) => status?.startTime);
  assert.equal(new Set(starts).size, starts.length);
  const sizes = others
    .filter(({ kind }) => kind === "PersistentVolume")
    .map((volume) => JSON.stringify((volume as { spec?: { capacity?: unknown } }).spec?.capacity));
  assert.equal(new Set(sizes).size, sizes.length);
  assert.ok(sizes.length > 20);
});
