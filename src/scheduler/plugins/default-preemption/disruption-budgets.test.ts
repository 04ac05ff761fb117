import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodDisruptionBudget } from "../../../api/scheduling.js";
import type { LabelSelector } from "../../../api/types.js";
import { pod } from "../cluster.test-data.js";
import { splitByBudgets } from "./disruption-budgets.js";

function budget(
  selector: LabelSelector | undefined,
  disruptionsAllowed: number,
  more: { readonly namespace?: string; readonly disrupted?: string } = {},
): PodDisruptionBudget {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "budget", namespace: more.namespace ?? "default" },
    spec: selector === undefined ? {} : { selector },
    status: {
      disruptionsAllowed,
      disruptedPods: more.disrupted === undefined ? {} : { [more.disrupted]: "2026-01-01T00:00:00Z" },
    },
  };
}

const WEB = { matchLabels: { app: "web" } };
const web = (name: string) => pod(name, {}, { labels: { app: "web" } });

/** Names of the Pods that break a budget. */
function violating(pods: Parameters<typeof splitByBudgets>[0], ...budgets: PodDisruptionBudget[]): string[] {
  return splitByBudgets(pods, budgets).violating.map(({ pod: { metadata } }) => metadata.name);
}

test("splitByBudgets spends a budget on the first Pods, and the later ones break it", () => {
  assert.deepEqual(violating([web("a"), web("b"), web("c")], budget(WEB, 1)), ["b", "c"]);
  assert.deepEqual(violating([web("a")], budget(WEB, 0)), ["a"]);
});

test("splitByBudgets counts a Pod against every budget that selects it", () => {
  const frontend = { matchExpressions: [{ key: "app", operator: "Exists" as const }] };
  assert.deepEqual(violating([web("a"), web("b")], budget(WEB, 2), budget(frontend, 1)), ["b"]);
});

test("splitByBudgets leaves out other namespaces, empty selectors, unlabelled and already disrupted Pods", () => {
  assert.deepEqual(violating([web("a")], budget(WEB, 0, { namespace: "other" })), []);
  assert.deepEqual(violating([web("a")], budget({}, 0), budget(undefined, 0)), []);
  assert.deepEqual(violating([pod("a")], budget(WEB, 0)), []);
  assert.deepEqual(violating([web("a"), web("b")], budget(WEB, 0, { disrupted: "a" })), ["b"]);
});

test("splitByBudgets keeps the order in both groups", () => {
  const pods = [web("a"), pod("b"), web("c"), pod("d")];
  const { violating: breaking, others } = splitByBudgets(pods, [budget(WEB, 0)]);
  assert.deepEqual(breaking, [pods[0], pods[2]]);
  assert.deepEqual(others, [pods[1], pods[3]]);
});
