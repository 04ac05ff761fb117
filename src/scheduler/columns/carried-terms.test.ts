import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodAffinityTerm } from "../../api/scheduling.js";
import { node, pod } from "../plugins/cluster.test-data.js";
import { Cluster } from "./columns.test-data.js";

const term = (app: string, rest: Partial<PodAffinityTerm> = {}): PodAffinityTerm => ({
  topologyKey: "zone",
  labelSelector: { matchLabels: { app } },
  ...rest,
});
const apart = (name: string, ...terms: readonly PodAffinityTerm[]) =>
  pod(name, { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } });
const liking = (name: string, weight: number, sign: "podAffinity" | "podAntiAffinity") =>
  pod(name, {
    affinity: {
      [sign]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: term("x") }] },
    },
  });

/** "kind: per node" of each term that means a Pod with this label. */
function meaning(cluster: Cluster, app: string): string[] {
  const { labelSet } = pod("asked", {}, { labels: { app } });
  return [...cluster.columns.carriedTerms.meaning(labelSet)].map(
    ({ kind, at }) => `${kind}: ${cluster.u32s(at)}`,
  );
}

test("CarriedTerms counts a term's carriers by node, and only terms that mean the Pod are told", () => {
  const cluster = new Cluster(node("a").node, node("b").node);
  cluster.place(apart("p", term("x"), term("y")), "a");
  cluster.place(apart("q", term("x")), "a");
  assert.deepEqual(meaning(cluster, "x"), ["requiredAntiAffinity: 2,0"]);
  assert.deepEqual(meaning(cluster, "y"), ["requiredAntiAffinity: 1,0"]);
  assert.deepEqual(meaning(cluster, "z"), []);
  cluster.cache.removePod("p");
  assert.deepEqual([meaning(cluster, "x"), meaning(cluster, "y")], [["requiredAntiAffinity: 1,0"], []]);
});

test("CarriedTerms adds up weights of preferred terms, below zero where Pods are disliked", () => {
  const cluster = new Cluster(node("a").node, node("b").node);
  cluster.place(liking("p", 30, "podAffinity"), "a");
  cluster.place(liking("q", 100, "podAntiAffinity"), "a");
  cluster.place(liking("r", 5, "podAntiAffinity"), "b");
  assert.deepEqual(meaning(cluster, "x"), ["preferred: -70,-5"]);
  for (const uid of ["p", "q", "r"]) cluster.cache.removePod(uid);
  assert.deepEqual(meaning(cluster, "x"), []);
});

test("CarriedTerms asks namespaces again, when their labels have changed", () => {
  const cluster = new Cluster(node("a").node);
  cluster.place(apart("p", term("x", { namespaceSelector: { matchLabels: { team: "t" } } })), "a");
  assert.deepEqual(meaning(cluster, "x"), []);
  cluster.objects.set({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "default", labels: { team: "t" } },
  });
  cluster.columns.carriedTerms.namespacesChanged();
  assert.deepEqual(meaning(cluster, "x"), ["requiredAntiAffinity: 1"]);
});

test("CarriedTerms forgets a node's carriers with the node, and counts them when it is back", () => {
  const cluster = new Cluster(node("a").node);
  cluster.place(apart("p", term("x")), "a");
  cluster.cache.removeNode("a");
  assert.deepEqual(meaning(cluster, "x"), []);
  cluster.cache.addNode(node("a").node);
  assert.deepEqual(meaning(cluster, "x"), ["requiredAntiAffinity: 1"]);
});
