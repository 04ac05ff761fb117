// One Pod's scheduling cycle with everything told: every node is filtered, whatever sampling or a nomination would save,
// and every feasible node is scored, a lone one too. The steps are the scheduler's own, on columns or on objects.
// Nothing is changed: not the cluster, not the queue, not the metrics.
// Cost: O(plugins x nodes), and dry runs of preemption when the Pod fits nowhere.
import { Prng } from "../../base/prng.js";
import { CycleRecorder, UNTIMED } from "../cycle/cycle-recorder.js";
import { type Diagnosis, diagnoseNothing, diagnoseSearch } from "../cycle/diagnosis.js";
import { type Candidates, findNodes } from "../cycle/find-nodes.js";
import { fitErrorMessage, NO_NODES } from "../cycle/fit-error.js";
import { PodCycle, type PluginForm } from "../cycle/pod-cycle.js";
import { type PreFilterOutcome, runPreFilter } from "../cycle/pre-filter.js";
import { feasibleNodes, prioritize, scorePlugin } from "../cycle/prioritize.js";
import { ProfileMetrics } from "../metrics/profile-metrics.js";
import { SchedulerMetrics } from "../metrics/scheduler-metrics.js";
import type { PodInfo } from "../cache/pod-info.js";
import type { ProfileRuntime } from "../profiles.js";
import type { Scheduler } from "../scheduler.js";
import { canPreempt, explainPreemption } from "./explain-preemption.js";
import { type Explanation, type NodeExplanation, verdictOf } from "./explanation.js";

export interface ExplainOptions {
  readonly form: PluginForm;
  /** Stands for the start of Pods that tell none. */
  readonly nowMs: number;
}

/** An explanation, and the cycle that gave it: placing the Pod needs what the plugins remember of it. */
export interface Explained {
  readonly explanation: Explanation;
  readonly cycle: PodCycle;
}

/** Between attempts only: the cycle uses the columns that an attempt uses. */
export function explainPod(
  scheduler: Scheduler,
  pod: PodInfo,
  profile: ProfileRuntime,
  { form, nowMs }: ExplainOptions,
): Explained {
  const cycle = new PodCycle(pod, profile.framework, scheduler.cache, form);
  return { explanation: explainCycle(scheduler, cycle, nowMs), cycle };
}

const NOTHING: Omit<Explanation, "pod" | "preFilterSkip"> = {
  preFilter: null,
  nodes: [],
  preScoreSkip: [],
  chosen: null,
  preemption: null,
  message: null,
  error: null,
};

function explainCycle(scheduler: Scheduler, cycle: PodCycle, nowMs: number): Explanation {
  const pod = cycle.pod.key;
  if (cycle.nodes.length === 0) return { pod, ...NOTHING, preFilterSkip: [], error: NO_NODES };
  const preFilter = runPreFilter(cycle, UNTIMED);
  const base = { pod, ...NOTHING, preFilterSkip: skippedFilters(cycle) };
  const { status } = preFilter;
  if (status !== null) {
    const verdict = verdictOf(status);
    if (status.code === "Error") return { ...base, preFilter: verdict, error: status.reasons.join(", ") };
    return {
      ...base,
      preFilter: verdict,
      ...failure(scheduler, cycle, diagnoseNothing(status, cycle.nodes), nowMs),
    };
  }
  return { ...base, ...explainSearch(scheduler, cycle, preFilter, nowMs) };
}

function explainSearch(
  scheduler: Scheduler,
  cycle: PodCycle,
  { nodeNames, excluded }: PreFilterOutcome,
  nowMs: number,
): Partial<Explanation> {
  const { nominator } = scheduler;
  const recorder = silentRecorder();
  const candidates = candidatesOf(cycle, nodeNames);
  const search = findNodes(cycle, candidates, candidates.count, { nominator, recorder });
  if (search.error !== null) return { error: search.error.reasons.join(", ") };
  const diagnosis = diagnoseSearch(cycle, search, {
    excluded,
    extenders: { found: search.found, statuses: new Map() },
  });
  const isFeasible = new Set(feasibleNodes(cycle, search.found));
  const statuses = diagnosis.statuses();
  const scored = scoreNodes(cycle, search.found, recorder);
  const nodes = cycle.nodes.map((node): NodeExplanation => {
    const { name } = node;
    const status = isFeasible.has(node) ? null : (statuses.get(name) ?? null);
    const verdict = { ...verdictOf(status), ...(status === excluded ? { plugin: "" } : {}) };
    return { name, ...verdict, ...(scored.byNode.get(name) ?? TURNED_DOWN) };
  });
  const { skipped: preScoreSkip } = scored;
  if (search.found > 0) return { nodes, preScoreSkip, chosen: bestOf(nodes) };
  return { nodes, ...failure(scheduler, cycle, diagnosis, nowMs) };
}

const TURNED_DOWN = { scores: null, total: null } as const;

function failure(
  scheduler: Scheduler,
  cycle: PodCycle,
  diagnosis: Diagnosis,
  nowMs: number,
): Pick<Explanation, "preemption" | "message"> {
  const { preFilterMessage, reasons } = diagnosis;
  const { objects } = scheduler.cluster;
  const preemption = canPreempt(cycle)
    ? explainPreemption(cycle, diagnosis.statuses(), { objects, nowMs })
    : null;
  const postFilterMessage = preemption?.message ?? "";
  const message = fitErrorMessage(cycle.nodes.length, reasons, { preFilterMessage, postFilterMessage });
  return { preemption, message };
}

/** All nodes, or those that PreFilter named, in the order of the snapshot. */
function candidatesOf({ columns, nodes }: PodCycle, nodeNames: ReadonlySet<string> | null): Candidates {
  if (nodeNames === null) return { list: columns.list, count: nodes.length, start: 0 };
  const named = nodes.filter(({ name }) => nodeNames.has(name));
  const list = columns.scratch.take(Math.max(1, named.length) * 4);
  columns.writeSlots(list, named);
  return { list, count: named.length, start: 0 };
}

interface Scored {
  readonly byNode: ReadonlyMap<string, Pick<NodeExplanation, "scores" | "total">>;
  readonly skipped: readonly string[];
}

function scoreNodes(cycle: PodCycle, count: number, recorder: CycleRecorder): Scored {
  const { framework, columns } = cycle;
  const byNode = new Map<string, { scores: Record<string, number>; total: number }>();
  if (count === 0) return { byNode, skipped: [] };
  const names = feasibleNodes(cycle, count).map(({ name }) => name);
  prioritize(cycle, count, recorder);
  const totals = columns.memory.f64.slice(columns.total >> 3, (columns.total >> 3) + count);
  for (const [index, name] of names.entries())
    byNode.set(name, { scores: {}, total: totals[index] as number });
  const skipped: string[] = [];
  for (const step of framework.scores) {
    if (!scorePlugin(cycle, step, count, UNTIMED)) {
      skipped.push(step.name);
      continue;
    }
    const { f64 } = columns.memory;
    for (const [index, { scores }] of [...byNode.values()].entries())
      scores[step.name] = f64[(columns.score >> 3) + index] as number;
  }
  return { byNode, skipped: skipped.sort() };
}

function skippedFilters({ framework, modes }: PodCycle): string[] {
  return framework.filters
    .filter((_, index) => modes[index] === "skip")
    .map(({ name }) => name)
    .sort();
}

function bestOf(nodes: readonly NodeExplanation[]): string {
  let best: NodeExplanation | null = null;
  for (const node of nodes) {
    if (node.total === null) continue;
    const isBetter =
      best?.total == null || node.total > best.total || (node.total === best.total && node.name < best.name);
    if (isBetter) best = node;
  }
  return best?.name ?? "";
}

/** What is explained was not done: it must not count. */
function silentRecorder(): CycleRecorder {
  return new CycleRecorder(new ProfileMetrics(new SchedulerMetrics(), ""), () => 0, new Prng(0));
}
