// The whole comparison against a peer that is our own scheduler in disguise, and one that errs.
import assert from "node:assert/strict";
import test from "node:test";
import { PlumbError } from "../../base/errors.js";
import type { Explanation } from "../../scheduler/explain/explanation.js";
import type { SchedulingCluster } from "../../workload/scheduling-cluster/scheduling-cluster.js";
import { decideOne, schedulerFor } from "./local-decisions.js";
import { parsePeerAnswer } from "./peer-protocol.js";
import { DEFAULT_PROFILE, ownConfiguration } from "./profiles.js";
import { verifyScheduler } from "./verify-scheduler.js";

const HEADER = '{"kind":"header","kubernetes":"v1","go":"go1","threads":1}';
const OPTIONS = { seed: 5, pods: 20, nodesMin: 20, nodesMax: 30, onProgress: () => {}, onShrink: () => {} };

/** Answers with our own decisions, which `change` may falsify. Knows the default profile only. */
function ownPeer(change: (decision: Explanation) => Explanation) {
  return async (input: string) => {
    const { objects, pending } = JSON.parse(input) as {
      objects: SchedulingCluster["others"];
      pending: SchedulingCluster["pending"];
    };
    const of = (kind: string) => objects.filter((object) => object.kind === kind);
    const cluster = {
      nodes: of("Node") as SchedulingCluster["nodes"],
      running: of("Pod") as SchedulingCluster["running"],
      others: objects.filter(({ kind }) => kind !== "Node" && kind !== "Pod"),
    };
    const scheduler = schedulerFor(cluster, ownConfiguration(DEFAULT_PROFILE));
    const lines = pending.map((pod) => {
      const { onObjects } = decideOne(scheduler, scheduler.cluster.read(pod));
      return JSON.stringify({ kind: "pod", ...change(onObjects) });
    });
    return [HEADER, ...lines, ""].join("\n");
  };
}

test("verifyScheduler agrees with a peer that decides alike", async () => {
  const result = await verifyScheduler({ ...OPTIONS, peer: ownPeer((decision) => decision) });
  assert.equal(result.agreed, 20);
  assert.equal(result.failure, null);
  assert.equal(result.header?.kubernetes, "v1");
  assert.ok(result.tally.verdicts >= 20);
});

test("verifyScheduler gives the smallest case, as input for the peer, when a score differs", async () => {
  const peer = ownPeer((decision) => ({
    ...decision,
    nodes: decision.nodes.map((node) =>
      node.scores?.["ImageLocality"] === undefined
        ? node
        : { ...node, scores: { ...node.scores, ImageLocality: 101 } },
    ),
  }));
  const { failure, agreed, pods } = await verifyScheduler({ ...OPTIONS, peer });
  assert.ok(agreed < pods);
  assert.equal(failure?.disagreements[0]?.plugin, "ImageLocality");
  assert.equal(failure?.disagreements[0]?.theirs, 101);
  const { objects, pending } = JSON.parse(failure?.input ?? "") as { objects: unknown[]; pending: unknown[] };
  assert.deepEqual([objects.length, pending.length], [1, 1]);
});

test("parsePeerAnswer refuses what the peer does not print", () => {
  for (const text of ["", "panic: out of memory", '{"kind":"pod","nodes":[]}'])
    assert.throws(() => parsePeerAnswer(text), PlumbError);
});
