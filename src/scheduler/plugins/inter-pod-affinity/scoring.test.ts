import assert from "node:assert/strict";
import { test } from "node:test";
import type { WeightedPodAffinityTerm } from "../../../api/scheduling.js";
import type { PodSpec } from "../../../api/types.js";
import type { InterPodAffinityArgs } from "../../config/configuration.js";
import { DEFAULT_ARGS } from "../../config/default-configuration.js";
import { CycleState } from "../../framework/cycle-state.js";
import { SKIP } from "../../framework/status.js";
import { handle, node, pod } from "../cluster.test-data.js";
import { createInterPodAffinity } from "./inter-pod-affinity.js";
import { normalizeRange } from "./scoring.js";

const weighted = (app: string, topologyKey: string, weight: number): WeightedPodAffinityTerm => ({
  weight,
  podAffinityTerm: { labelSelector: { matchLabels: { app } }, topologyKey },
});
const prefers = (...terms: WeightedPodAffinityTerm[]) => ({
  podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: terms },
});
const avoids = (...terms: WeightedPodAffinityTerm[]) => ({
  podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: terms },
});
const demands = (app: string, topologyKey: string): NonNullable<PodSpec["affinity"]> => ({
  podAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { labelSelector: { matchLabels: { app } }, topologyKey },
    ],
  },
});
const app = (name: string, label: string, affinity: NonNullable<PodSpec["affinity"]> = {}) =>
  pod(name, { affinity }, { labels: { app: label } });

const NODES = [
  node("n1", { labels: { host: "n1", zone: "a" } }, [app("db-1", "db"), app("db-2", "db")]),
  node("n2", { labels: { host: "n2", zone: "a" } }, [app("cache", "cache", demands("web", "zone"))]),
  node("n3", { labels: { host: "n3", zone: "b" } }, [app("noisy", "x", avoids(weighted("web", "host", 7)))]),
];

function scores(incoming: ReturnType<typeof app>, args: Partial<InterPodAffinityArgs> = {}) {
  const plugin = createInterPodAffinity({ ...DEFAULT_ARGS.InterPodAffinity, ...args }, handle(NODES));
  const state = new CycleState();
  if (plugin.preScore(state, incoming) === SKIP) return "skip";
  return NODES.map((each) => plugin.score(state, incoming, each));
}

test("InterPodAffinity adds the weights of its own preferred terms per match", () => {
  // Two databases in zone a: 2 * 10. The cache on n2 is avoided by host.
  const own = { ...prefers(weighted("db", "zone", 10)), ...avoids(weighted("cache", "host", 3)) };
  assert.deepEqual(scores(app("p", "other", own)), [20, 17, 0]);
});

test("InterPodAffinity adds what running Pods prefer and require", () => {
  // Zone a holds a Pod that requires web: 1 each by default. n3 has one that avoids web.
  assert.deepEqual(scores(app("p", "web")), [1, 1, -7]);
  assert.deepEqual(scores(app("p", "web"), { hardPodAffinityWeight: 20 }), [20, 20, -7]);
  assert.deepEqual(scores(app("p", "web"), { hardPodAffinityWeight: 0 }), [0, 0, -7]);
});

test("InterPodAffinity skips its score, when nothing matches or others' terms are to be ignored", () => {
  assert.equal(scores(app("p", "other")), "skip");
  const ignoring = { ignorePreferredTermsOfExistingPods: true };
  assert.equal(scores(app("p", "web"), ignoring), "skip");
  // With terms of its own the others' count all the same.
  assert.deepEqual(scores(app("p", "web", prefers(weighted("db", "host", 1))), ignoring), [3, 1, -7]);
});

test("normalizeRange spreads scores from 0 to 100, quotient first", () => {
  const scaled = (...values: number[]) => {
    normalizeRange(values);
    return values;
  };
  assert.deepEqual(scaled(-7, 1, 1), [0, 100, 100]);
  assert.deepEqual(scaled(0, 29, 100), [0, 28, 100]);
  assert.deepEqual(scaled(5, 5), [0, 0]);
});
