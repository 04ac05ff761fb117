// A profile of the scheduler in words: what plugins cost, and why the slowest attempts ended as they did.
import type { CycleCosts, PointCost } from "../experiment/scheduling/cycle-costs.js";
import type { ExplainedAttempt } from "../experiment/scheduling/explain-attempts.js";
import type { SlowAttempt } from "../experiment/scheduling/scheduling-types.js";
import { countText, percentText, quantityText } from "../report/quantity.js";
import { explanationText } from "./explanation-text.js";
import { textTable } from "./text-table.js";

const REASON_LENGTH_MAX = 100;

export function attemptsLine({ attempts, attemptUs }: CycleCosts): string {
  if (attemptUs === null) return "no attempt was made in the measured window";
  const { mean, p50, p99 } = attemptUs;
  return `${countText(attempts)} attempts: mean ${usText(mean)}, p50 ${usText(p50)}, p99 ${usText(p99)} each`;
}

/** Extension points, most time first, each with its plugins below it. */
export function costLines({ points, restShare }: CycleCosts): readonly string[] {
  const rest = ["the rest of the cycle", "", "", "", "", percentText(restShare, 3)];
  return textTable(
    [
      { title: "extension point / plugin", align: "left" },
      { title: "cycles", align: "right" },
      { title: "nodes", align: "right" },
      { title: "us/cycle", align: "right" },
      { title: "timed cycles", align: "right" },
      { title: "share", align: "right" },
    ],
    [...points.flatMap(pointRows), rest],
  );
}

function pointRows({ point, cycles, usPerCycle, share, plugins }: PointCost): readonly string[][] {
  return [
    [point, countText(cycles), "", usPerCycle.toFixed(2), "all", percentText(share, 3)],
    ...plugins.map((plugin) => [
      `  ${plugin.plugin}${plugin.point === point ? "" : ` (${plugin.point})`}`,
      plugin.cycles === 0 ? "-" : countText(plugin.cycles),
      plugin.nodes === 0 ? "-" : countText(plugin.nodes),
      plugin.usPerTimedCycle.toFixed(2),
      countText(plugin.timedCycles),
      percentText(plugin.share, 3),
    ]),
  ];
}

export function slowestLines(slowest: readonly SlowAttempt[]): readonly string[] {
  return textTable(
    [
      { title: "slowest attempts", align: "left" },
      { title: "result", align: "left" },
      { title: "cycle ms", align: "right" },
      { title: "evaluated", align: "right" },
      { title: "feasible", align: "right" },
      { title: "outcome", align: "left" },
    ],
    slowest.map(({ pod, result, cycleMs, evaluatedNodes, feasibleNodes, outcome }) => [
      pod,
      result,
      cycleMs.toFixed(3),
      countText(evaluatedNodes),
      countText(feasibleNodes),
      clipped(outcome),
    ]),
  );
}

/** What every node says, after a line on the attempt itself. */
export function explanationLines(attempt: ExplainedAttempt): readonly string[] {
  const { isSame, nodeName, explanation, weights } = attempt;
  const total = explanation.nodes.find(({ name }) => name === nodeName)?.total ?? 0;
  const outcome = nodeName === null ? "given no node" : `given ${nodeName} (total ${total})`;
  const which = isSame ? "" : "; the repeat went otherwise, this is the Pod's last attempt there";
  return [
    `${explanation.pod}: ${outcome}${which}; with all nodes asked, ties by name:`,
    ...explanationText(explanation, weights, {}).map((line) => (line === "" ? "" : `  ${line}`)),
  ];
}

function usText(us: number): string {
  return quantityText(us * 1000, "ns");
}

function clipped(text: string): string {
  return text.length <= REASON_LENGTH_MAX ? text : `${text.slice(0, REASON_LENGTH_MAX - 3)}...`;
}
