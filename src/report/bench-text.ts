// A benchmark through the control plane on a terminal: a line per metric, a column per case, as many columns side by side
// as fit.
//
//   node-join          nodes=100  nodes=1000
//   All nodes Ready       360 ms       1.4 s
//   Memory                120 MB      180 MB
import pc from "picocolors";
import { METRICS } from "../measure/metrics.js";
import type { CaseRecord } from "../measure/run-record.js";
import { type BenchRows, sizeText } from "./controlplane-rows.js";
import { metricNamesIn, metricOf } from "./grid.js";
import { plainText } from "./plain-text.js";
import { metricText } from "./quantity.js";
import { GAP, sideBySide, type TerminalOptions } from "./side-by-side.js";

/** Blocks of lines: one, or more where the cases do not fit side by side. Empty when no case has a metric. */
export function benchBlocks({ bench, cases }: BenchRows, options: TerminalOptions): readonly string[] {
  const names = metricNamesIn(cases);
  if (names.length === 0) return [];
  const titles = aligned([bench, ...names.map((name) => METRICS[name].title)], "left");
  const columns = cases.map((one) => {
    const cells = names.map((name) => cellText(one, name));
    return aligned([plainText(sizeText(one)), ...cells], "right");
  });
  const width = (titles[0] as string).length;
  return sideBySide(columns, options.width - width, ([head = ""]) => head.length).map((block) => {
    const [head = "", ...lines] = titles.map((title, line) =>
      [title, ...block.map((column) => column[line])].join(GAP),
    );
    return [pc.createColors(options.color).bold(head), ...lines].join("\n");
  });
}

function cellText(one: CaseRecord, name: Parameters<typeof metricOf>[1]): string {
  const metric = metricOf(one, name);
  return metric === undefined ? "-" : metricText(metric);
}

function aligned(cells: readonly string[], to: "left" | "right"): readonly string[] {
  const width = Math.max(...cells.map((cell) => cell.length));
  return cells.map((cell) => (to === "left" ? cell.padEnd(width) : cell.padStart(width)));
}
