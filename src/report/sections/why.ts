// Where the cost comes from: what one packet makes the kernel do (counted), and what that adds up to (modelled).
import { METRICS, type MetricName } from "../../measure/metrics.js";
import { badge, numberMarkup } from "../badge.js";
import { type Grid, largestSizeWith, metricOf } from "../grid.js";
import { joinMarkup, type Markup, markup } from "../markup.js";
import { countText } from "../quantity.js";
import { type ReportView, type Section, modeMarkup } from "../report-view.js";
import { tableMarkup } from "../table.js";

const WITH_BREAKDOWN: readonly MetricName[] = [
  "first.kernel_ns",
  "first.rules_evaluated",
  "established.kernel_ns",
  "established.rules_evaluated",
  "mixed.kernel_ns",
];

export function whySection(view: ReportView): Section | null {
  const tables = view.grids.flatMap((grid) =>
    WITH_BREAKDOWN.flatMap((name) => breakdownTable(view, grid, name) ?? []),
  );
  if (tables.length === 0) return null;
  const body = markup`<h2>What a packet does</h2>
<p class="note">Means per packet. A bar shows a part's share of its column's largest part.</p>
<div class="figures">${joinMarkup(tables)}</div>`;
  return { id: "why", label: "Why", body };
}

/** Parts down, modes across, at the largest size. */
function breakdownTable(view: ReportView, grid: Grid, name: MetricName): Markup | null {
  const size = largestSizeWith(grid, name);
  if (size === null) return null;
  const columns = grid.modes.flatMap((mode) => {
    const breakdown = metricOf(grid.at(mode, size), name)?.breakdown;
    return breakdown ? [{ mode, breakdown, largest: Math.max(...Object.values(breakdown)) }] : [];
  });
  const parts = rankedParts(columns.map((column) => column.breakdown));
  if (parts.length === 0) return null;
  const row = METRICS[name];
  const where = grid.sizeNoun === "" ? "" : ` at ${countText(size)} ${grid.sizeNoun}`;
  const table = tableMarkup({
    caption: `${row.title}${where}, by part and mode`,
    hideCaption: true,
    className: "breakdown",
    head: [
      row.unit === "ns" ? "Part of the time" : "Counter",
      ...columns.map(({ mode }) => modeMarkup(view, mode)),
    ],
    rows: parts.map((part) => ({
      head: partWords(part),
      cells: columns.map(({ mode, breakdown, largest }) => {
        const value = breakdown[part] ?? 0;
        if (value === 0) return { content: "–", className: "missing" };
        const digits = row.unit === "ns" ? 3 : "exact";
        return {
          content: numberMarkup(value, row.unit, digits, row.provenance),
          share: largest > 0 ? Math.max(0, value / largest) : 0,
          barToken: view.styles.get(mode)?.token ?? "accent",
        };
      }),
    })),
  });
  return markup`<div class="figure"><h3>${row.title}${where}${grid.title === "" ? "" : ` (${grid.title})`} ${badge(row.provenance)}</h3>${table}</div>`;
}

/** Names of parts that are above zero somewhere, the largest anywhere first, equal ones by name. */
function rankedParts(breakdowns: readonly Readonly<Record<string, number>>[]): readonly string[] {
  const largest = new Map<string, number>();
  for (const breakdown of breakdowns) {
    for (const [part, value] of Object.entries(breakdown))
      largest.set(part, Math.max(largest.get(part) ?? 0, value));
  }
  return [...largest]
    .filter(([, value]) => value > 0)
    .sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1))
    .map(([part]) => part);
}

/** "ipvsConnLookups" -> "ipvs conn lookups". */
function partWords(part: string): string {
  return part.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}
