// The attempts that took longest, each with what it looked at and how it ended.
import { badge, numberMarkup } from "../../badge.js";
import { type Markup, markup } from "../../markup.js";
import { tableMarkup } from "../../table.js";
import type { ScheduledCase } from "./scheduled-cases.js";

/** Null when none was kept. */
export function slowestTable({ record, row }: ScheduledCase): Markup | null {
  const { slowest } = record;
  if (slowest.length === 0) return null;
  const count = (value: number) => ({
    content: numberMarkup(value, "1", "exact", "measured-core"),
    sortValue: value,
  });
  const table = tableMarkup({
    ...{ caption: `Slowest attempts, ${row.workload}`, hideCaption: true, className: "sortable slowest" },
    head: [
      "Pod",
      markup`Cycle ${badge("measured-core")}`,
      markup`Nodes filtered ${badge("measured-core")}`,
      markup`Feasible ${badge("measured-core")}`,
      "Result",
      "Node, or why none",
    ],
    rows: slowest.map((attempt) => ({
      head: attempt.pod,
      cells: [
        {
          content: numberMarkup(attempt.cycleMs * 1e6, "ns", 3, "measured-core"),
          sortValue: attempt.cycleMs,
        },
        count(attempt.evaluatedNodes),
        count(attempt.feasibleNodes),
        { content: attempt.result },
        { content: attempt.outcome, className: "words" },
      ],
    })),
  });
  return markup`<details><summary>Slowest attempts (${slowest.length})</summary>${table}</details>`;
}
