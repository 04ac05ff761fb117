import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodDisruptionBudget } from "../../../api/scheduling.js";
import type { PodInfo } from "../../cache/pod-info.js";
import { CycleState } from "../../framework/cycle-state.js";
import { NOW_MS, nodeOf, scheduler, sized } from "./preemption.test-data.js";
import { byImportance, selectVictims } from "./victims.js";

const names = (pods: readonly PodInfo[]) => pods.map(({ pod }) => pod.metadata.name);

/** Victims for a Pod of so many cores and priority 10 on a node of 4 cores; or why there are none. */
function victims(cores: number, pods: readonly PodInfo[], budgets: readonly PodDisruptionBudget[] = []) {
  const run = {
    handle: scheduler([], { budgets }),
    state: new CycleState(),
    pod: sized("preemptor", cores, 10),
    budgets,
    nowMs: NOW_MS,
  };
  const result = selectVictims(run, nodeOf("n", 4, pods));
  return "code" in result
    ? `${result.code}: ${result.reasons}`
    : { names: names(result.pods), violations: result.violations };
}

function budgetFor(app: string, disruptionsAllowed: number): PodDisruptionBudget {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: app, namespace: "default" },
    spec: { selector: { matchLabels: { app } } },
    status: { disruptionsAllowed },
  };
}

test("byImportance puts higher priority first, then the older Pod, then those not started", () => {
  const pods = [
    sized("new", 1, 1),
    sized("high", 1, 2),
    sized("late", 1, 1, { minute: 9 }),
    sized("old", 1, 1, { minute: 3 }),
  ];
  assert.deepEqual(names(byImportance(pods, NOW_MS)), ["high", "old", "late", "new"]);
});

test("selectVictims gives back the most important Pods first", () => {
  // 4 cores: 2 wanted, so of four Pods of 1 core two can stay.
  const pods = [sized("a", 1, 1), sized("b", 1, 3), sized("c", 1, 2), sized("d", 1, 0)];
  assert.deepEqual(victims(2, pods), { names: ["a", "d"], violations: 0 });
});

test("selectVictims gives back a small Pod after a large one did not fit", () => {
  // 3 wanted: "large" cannot stay, "small" can.
  assert.deepEqual(victims(3, [sized("large", 2, 5), sized("small", 1, 1)]), {
    names: ["large"],
    violations: 0,
  });
});

test("selectVictims never touches Pods of the same or higher priority", () => {
  assert.equal(
    victims(2, [sized("equal", 3, 10)]),
    "UnschedulableAndUnresolvable: No preemption victims found for incoming pod",
  );
  assert.equal(victims(2, [sized("equal", 3, 10), sized("low", 1, 1)]), "Unschedulable: Insufficient cpu");
});

test("selectVictims says what the filters say, when even the empty node does not do", () => {
  assert.equal(victims(5, [sized("low", 1, 1)]), "UnschedulableAndUnresolvable: Insufficient cpu");
});

test("selectVictims gives Pods back that would break their budget before more important ones", () => {
  const guarded = sized("guarded", 2, 1, { metadata: { labels: { app: "db" } } });
  const free = sized("free", 2, 5);
  assert.deepEqual(victims(2, [guarded, free], [budgetFor("db", 0)]), { names: ["free"], violations: 0 });
  assert.deepEqual(victims(2, [guarded, free], [budgetFor("db", 1)]), { names: ["guarded"], violations: 0 });
});

test("selectVictims counts victims that break a budget, and keeps victims in order of importance", () => {
  const guarded = sized("guarded", 2, 1, { metadata: { labels: { app: "db" } } });
  const free = sized("free", 2, 5);
  assert.deepEqual(victims(4, [guarded, free], [budgetFor("db", 0)]), {
    names: ["free", "guarded"],
    violations: 1,
  });
});

test("selectVictims finds none when the Pod fits as it is", () => {
  assert.deepEqual(victims(1, [sized("low", 1, 1)]), { names: [], violations: 0 });
});

test("selectVictims tells plugins of every Pod taken away and given back, on a copy of state and node", () => {
  const pods = [sized("stays", 1, 5), sized("goes", 2, 1)];
  const original = nodeOf("n", 4, pods);
  const calls: string[] = [];
  const state = new CycleState();
  const handle = {
    ...scheduler([]),
    removePod: (given: CycleState, _pod: PodInfo, removed: PodInfo) => {
      assert.notEqual(given, state);
      calls.push(`-${removed.pod.metadata.name}`);
    },
    addPod: (_state: CycleState, _pod: PodInfo, added: PodInfo) => {
      calls.push(`+${added.pod.metadata.name}`);
    },
  };
  selectVictims({ handle, state, pod: sized("p", 3, 10), budgets: [], nowMs: NOW_MS }, original);
  assert.deepEqual(calls, ["-stays", "-goes", "+stays", "+goes", "-goes"]);
  assert.deepEqual(names(original.pods), ["stays", "goes"]);
});
