// Score: every feasible node gets the weighted sum of the plugins' normalised scores; the best one wins, and chance
// decides between equals.
// Cost: O(plugins x feasible nodes), 2-10 ns each on columns.
// Source: kube-scheduler schedule_one.go (prioritizeNodes, selectHost), framework/runtime (RunScorePlugins).
import type { Prng } from "../../base/prng.js";
import type { NodeInfo } from "../cache/node-info.js";
import type { CycleRecorder } from "./cycle-recorder.js";
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
    const begun = recorder.pluginBegins();
    if (scorePlugin(cycle, step, count)) {
      kernels.addWeighted(count, columns.total, columns.score, step.weight);
      recorder.scored(step.name, count);
    }
    recorder.pluginEnds(step.name, "Score", begun);
  }
}

/** Fills columns.score with a plugin's normalised scores; false when it has nothing to say about this Pod. */
export function scorePlugin(cycle: PodCycle, step: ScoreStep, count: number): boolean {
  const { memory, score } = cycle.columns;
  const columns = cycle.columnsOf(step);
  const onColumns = columns?.prepareScore(cycle, count) ?? null;
  if (columns === null || onColumns === null) return scoreObjects(cycle, step, count);
  if (!onColumns) return false;
  memory.kernels.zero(score, count * 8);
  columns.score(cycle, count, score);
  return true;
}

function scoreObjects(cycle: PodCycle, { score, preScore }: ScoreStep, count: number): boolean {
  const { columns, pod, state } = cycle;
  const nodes = feasibleNodes(cycle, count);
  if (preScore?.preScore(state, pod, nodes)?.code === "Skip") return false;
  const scores = nodes.map((node) => score.score(state, pod, node));
  score.normalize?.(state, pod, nodes, scores);
  for (const [index, value] of scores.entries()) columns.memory.f64[(columns.score >> 3) + index] = value;
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
