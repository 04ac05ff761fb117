import assert from "node:assert/strict";
import test from "node:test";
import {
  generateSchedulingCluster,
  type SchedulingCluster,
} from "../../workload/scheduling-cluster/scheduling-cluster.js";
import { shrinkCase } from "./shrink-case.js";

const CLUSTER = generateSchedulingCluster({ seed: 3, nodes: 40, pending: 20 });
const NODE = "node-0017";
const POD = "new-11";

function names(objects: readonly { readonly metadata: { readonly name: string } }[]): string[] {
  return objects.map(({ metadata }) => metadata.name);
}

async function needsNodeAndPod({ nodes, pending }: SchedulingCluster): Promise<boolean> {
  return names(nodes).includes(NODE) && names(pending).includes(POD);
}

test("shrinkCase leaves only what the disagreement needs", async () => {
  const smallest = await shrinkCase(CLUSTER, needsNodeAndPod, { triesMax: 1000 });
  assert.deepEqual(names(smallest.nodes), [NODE]);
  assert.deepEqual(names(smallest.pending), [POD]);
  assert.deepEqual([smallest.running, smallest.others], [[], []]);
});

test("shrinkCase takes the Pods of a node along with it", async () => {
  const isWhole = async (cluster: SchedulingCluster) => {
    const known = new Set(names(cluster.nodes));
    assert.ok(cluster.running.every(({ spec }) => known.has(spec?.nodeName ?? "")));
    return needsNodeAndPod(cluster);
  };
  await shrinkCase(CLUSTER, isWhole, { triesMax: 1000 });
});

test("shrinkCase asks no more often than it may, and gives the smallest case so far", async () => {
  let asked = 0;
  const counting = (cluster: SchedulingCluster) => {
    asked++;
    return needsNodeAndPod(cluster);
  };
  const smallest = await shrinkCase(CLUSTER, counting, { triesMax: 10 });
  assert.equal(asked, 10);
  assert.ok(await needsNodeAndPod(smallest));
});
