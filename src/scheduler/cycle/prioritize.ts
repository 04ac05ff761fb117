// Score: every feasible node gets the weighted sum of the plugins' normalised scores; the best one wins, and chance
// decides between equals.
// Cost: O(plugins x feasible nodes), 2-10 ns each on columns.
// Source: kube-scheduler schedule_one.go (prioritizeNodes, selectHost), framework/runtime (RunScorePlugins).
import type { Prng } from "../../base/prng.js";
import type { NodeInfo } from "../cache/node-info.js";
import { SKIP } from "../framework/status.js";
import type { CycleRecorder, PluginTimer } from "./cycle-recorder.js";
import type { ScoreStep } from "./framework.js";
import type { PodCycle } from "./pod-cycle.js";

/** Node name -> points that extenders add. */
export type ExtraScores = ReadonlyMap<string, number>;

/** Fills columns.total for the first `count` feasible nodes. */
export function prioritize(cycle: PodCycle, count: number, recorder: CycleRecorder): void {
  const { columns, framework } = cycle;
  const { kernels } = columns.memory;
  // Without anything that scores, all nodes are worth the same.
  kernels.fillTotals(count, columns.total, framework.scores.length === 0 ? 1 : 0);
  for (const step of framework.scores) {
    if (!scorePlugin(cycle, step, count, recorder)) continue;
    kernels.addWeighted(count, columns.total, columns.score, step.weight);
    recorder.scored(step.name, count);
  }
}

/** Fills columns.score with a plugin's normalised scores; false when it has nothing to say about this Pod. */
export function scorePlugin(cycle: PodCycle, step: ScoreStep, count: number, timer: PluginTimer): boolean {
  const { memory, score } = cycle.columns;
  const columns = cycle.columnsOf(step);
  const preScoreBegun = timer.pluginBegins();
  const onColumns = columns?.prepareScore(cycle, count) ?? null;
  if (columns === null || onColumns === null) return scoreObjects(cycle, step, count, timer);
  if (step.preScore !== null) timer.pluginEnds(step.name, "PreScore", preScoreBegun, onColumns ? null : SKIP);
  if (!onColumns) return false;
  const scoreBegun = timer.pluginBegins();
  memory.kernels.zero(score, count * 8);
  columns.score(cycle, count, score);
  timer.pluginEnds(step.name, "Score", scoreBegun);
  return true;
}

function scoreObjects(cycle: PodCycle, step: ScoreStep, count: number, timer: PluginTimer): boolean {
  const { columns, pod, state } = cycle;
  const { name, score, preScore } = step;
  const nodes = feasibleNodes(cycle, count);
  const preScoreBegun = timer.pluginBegins();
  const status = preScore?.preScore(state, pod, nodes) ?? null;
  if (preScore !== null) timer.pluginEnds(name, "PreScore", preScoreBegun, status);
  if (status?.code === "Skip") return false;
  const scoreBegun = timer.pluginBegins();
  const scores = nodes.map((node) => score.score(state, pod, node));
  score.normalize?.(state, pod, nodes, scores);
  for (const [index, value] of scores.entries()) columns.memory.f64[(columns.score >> 3) + index] = value;
  timer.pluginEnds(name, "Score", scoreBegun);
  return true;
}

export function feasibleNodes(cycle: PodCycle, count: number): NodeInfo[] {
  const { columns } = cycle;
  const first = columns.feasible >> 2;
  return Array.from({ length: count }, (_, index) =>
    cycle.nodeAt(columns.memory.u32[first + index] as number),
  );
}

export function addExtraScores(cycle: PodCycle, count: number, extra: ExtraScores): void {
  const { columns } = cycle;
  const first = columns.total >> 3;
  for (const [index, { name }] of feasibleNodes(cycle, count).entries()) {
    const { f64 } = columns.memory;
    f64[first + index] = (f64[first + index] as number) + (extra.get(name) ?? 0);
  }
}

/** The node with the highest total; one draw among equals. */
export function selectNode(cycle: PodCycle, count: number, prng: Prng): NodeInfo {
  const { columns } = cycle;
  const { kernels, u32 } = columns.memory;
  const most = kernels.best(count, columns.total);
  const ties = kernels.countBest(count, columns.total, most);
  const nth = ties === 1 ? 0 : prng.below(ties);
  const index = kernels.nthBest(count, columns.total, most, nth);
  return cycle.nodeAt(u32[(columns.feasible >> 2) + index] as number);
}
