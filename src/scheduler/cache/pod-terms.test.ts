import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodAffinityTerm, TopologySpreadConstraint } from "../../api/scheduling.js";
import { pod } from "../plugins/cluster.test-data.js";
import { matchesPod, NO_TERMS, podTerms } from "./pod-terms.js";

const labels = { app: "a", version: "2" };

function affinityTerm(written: Partial<PodAffinityTerm>) {
  const term = { topologyKey: "zone", labelSelector: { matchLabels: { app: "a" } }, ...written };
  const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  const [read] = podTerms(pod("p", { affinity }, { labels, namespace: "own" }).pod).requiredAffinity;
  assert.ok(read !== undefined);
  return read;
}

test("podTerms of a Pod that says nothing of others is shared", () => {
  assert.equal(podTerms(pod("p").pod), NO_TERMS);
  assert.equal(podTerms(pod("p", { affinity: { nodeAffinity: {} } }).pod), NO_TERMS);
});

test("podTerms fills in the own namespace, when a term names neither namespaces nor a selector of them", () => {
  const rows: readonly (readonly [
    Partial<PodAffinityTerm>,
    namespaces: readonly string[],
    isSelected: boolean,
  ])[] = [
    [{}, ["own"], false],
    [{ namespaces: [] }, ["own"], false],
    [{ namespaces: ["x", "y"] }, ["x", "y"], false],
    [{ namespaceSelector: {} }, [], true],
    [{ namespaces: ["x"], namespaceSelector: { matchLabels: { a: "b" } } }, ["x"], true],
  ];
  for (const [written, namespaces, isSelected] of rows) {
    const term = affinityTerm(written);
    assert.deepEqual([...term.namespaces], namespaces);
    assert.equal(term.namespaceSelector !== null, isSelected);
  }
});

test("podTerms adds the Pod's own values, when a term names label keys, and skips keys it does not carry", () => {
  const { selector } = affinityTerm({ matchLabelKeys: ["version", "missing"], mismatchLabelKeys: ["app"] });
  assert.deepEqual(selector?.matchExpressions, [
    { key: "version", operator: "In", values: ["2"] },
    { key: "app", operator: "NotIn", values: ["a"] },
  ]);
});

test("podTerms gives equal ids to terms that mean the same Pods, whatever their topology", () => {
  const { id } = affinityTerm({});
  assert.equal(affinityTerm({ topologyKey: "host" }).id, id);
  assert.equal(affinityTerm({ namespaces: ["own"] }).id, id);
  for (const other of [
    { namespaces: ["x"] },
    { namespaceSelector: {} },
    { labelSelector: {} },
    { matchLabelKeys: ["app"] },
  ])
    assert.notEqual(affinityTerm(other).id, id);
});

test("podTerms weighs anti-affinity below zero, and keeps hard and soft constraints apart", () => {
  const podAffinityTerm = { topologyKey: "zone", labelSelector: {} };
  const preferredDuringSchedulingIgnoredDuringExecution = [{ weight: 7, podAffinityTerm }];
  const spread = (whenUnsatisfiable: TopologySpreadConstraint["whenUnsatisfiable"], maxSkew: number) => ({
    maxSkew,
    topologyKey: "zone",
    whenUnsatisfiable,
  });
  const terms = podTerms(
    pod("p", {
      affinity: {
        podAffinity: { preferredDuringSchedulingIgnoredDuringExecution },
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution },
      },
      topologySpreadConstraints: [spread("ScheduleAnyway", 1), spread("DoNotSchedule", 2)],
    }).pod,
  );
  assert.deepEqual(
    terms.preferred.map(({ weight }) => weight),
    [7, -7],
  );
  const [hard] = terms.hardSpread;
  assert.deepEqual(
    [hard?.maxSkew, hard?.minDomains, hard?.nodeAffinityPolicy, hard?.nodeTaintsPolicy, hard?.selector],
    [2, 1, "Honor", "Ignore", null],
  );
  assert.deepEqual(
    terms.softSpread.map(({ maxSkew }) => maxSkew),
    [1],
  );
});

test("matchesPod minds namespaces and labels, and no selector matches nobody", () => {
  const namespaceLabels = (name: string) => (name === "labelled" ? { team: "x" } : {});
  const target = (namespace: string, app = "a") => pod("t", {}, { namespace, labels: { app } }).pod;
  const byLabel = { namespaceSelector: { matchLabels: { team: "x" } } };
  const rows: readonly (readonly [Partial<PodAffinityTerm>, ReturnType<typeof target>, boolean])[] = [
    [{}, target("own"), true],
    [{}, target("own", "b"), false],
    [{}, target("other"), false],
    [{ namespaces: ["other"] }, target("other"), true],
    [byLabel, target("labelled"), true],
    [byLabel, target("own"), false],
    [{ namespaceSelector: {} }, target("anywhere"), true],
    [{ labelSelector: {} }, target("own", "b"), true],
  ];
  for (const [written, other, expected] of rows)
    assert.equal(
      matchesPod(affinityTerm(written), other, namespaceLabels),
      expected,
      JSON.stringify(written),
    );
  assert.equal(matchesPod({ ...affinityTerm({}), selector: null }, target("own"), namespaceLabels), false);
});
