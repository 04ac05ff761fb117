// What plugins take: a bar per plugin, stacked by extension point, and the same as numbers.
// Times are means over timed cycles, one in ten; a plugin that stands aside in a cycle still takes a look at the Pod.
import type { PluginCost } from "../../../measure/scheduling-record.js";
import { badge, numberMarkup, prettyUnits } from "../../badge.js";
import { stackBar } from "../../charts/stack.js";
import { type Markup, markup } from "../../markup.js";
import { type SeriesStyle, partStyles } from "../../palette.js";
import { countText, quantityText } from "../../quantity.js";
import { type TableCell, tableMarkup } from "../../table.js";
import type { ScheduledCase } from "./scheduled-cases.js";

/** In the order of a cycle; others follow. */
const POINTS = ["PreEnqueue", "PreFilter", "Filter", "PostFilter", "PreScore", "Score"];
/** Points at which cycles and nodes are counted. */
const COUNTED_POINTS: ReadonlySet<string> = new Set(["Filter", "Score"]);

interface PluginRow {
  readonly plugin: string;
  /** Extension point -> its cost. */
  readonly costs: ReadonlyMap<string, PluginCost>;
  readonly totalNs: number;
}

/** Null when no cycle was timed. */
export function pluginTable({ record, row, anchor }: ScheduledCase): Markup | null {
  const timed = record.pluginCosts.filter(({ timedCycles }) => timedCycles > 0);
  const rows = rowsOf(timed);
  const largestNs = rows[0]?.totalNs ?? 0;
  if (largestNs === 0) return null;
  const points = pointsOf(timed);
  const styles = partStyles(points);
  const scale = prettyUnits(quantityText(largestNs, "ns", 3));
  const table = tableMarkup({
    caption: `Mean time per timed cycle by plugin and extension point, ${row.workload}`,
    ...{ hideCaption: true, className: "sortable plugins", id: `${anchor}-plugins` },
    head: [
      "Plugin",
      markup`<span class="stack-scale"><span>0</span><span>${scale}</span></span>`,
      markup`All points ${badge("measured-core")}`,
      ...points.map((point) => pointHead(point, styles)),
    ],
    rows: rows.map((one) => ({
      head: one.plugin,
      cells: [
        { content: barOf(one, points, styles, largestNs), sortValue: one.totalNs, className: "drawn" },
        { content: timeMarkup(one.totalNs), sortValue: one.totalNs },
        ...points.map((point) => costCell(one.costs.get(point))),
      ],
    })),
  });
  return markup`<h3>What plugins take per cycle ${badge("measured-core")} ${badge("counted")}</h3>
<p class="note">Mean time per timed cycle. Times are sampled from 1 in 10 cycles (here ${timedText(timed)}); cycles and nodes, in small print, are exact counts of this pass. No nodes: it found that these Pods do not concern it. A pause of the process in a timed cycle lifts a mean.</p>
${table}`;
}

/** Costliest first, equal ones by name. */
function rowsOf(costs: readonly PluginCost[]): readonly PluginRow[] {
  const byPlugin = new Map<string, Map<string, PluginCost>>();
  for (const cost of costs) {
    const held = byPlugin.get(cost.plugin) ?? new Map<string, PluginCost>();
    byPlugin.set(cost.plugin, held.set(cost.point, cost));
  }
  return [...byPlugin]
    .map(([plugin, held]) => ({
      ...{ plugin, costs: held },
      totalNs: [...held.values()].reduce((sum, cost) => sum + meanNs(cost), 0),
    }))
    .sort((a, b) => b.totalNs - a.totalNs || (a.plugin < b.plugin ? -1 : 1));
}

function pointsOf(costs: readonly PluginCost[]): readonly string[] {
  const held = [...new Set(costs.map(({ point }) => point))].sort();
  return [
    ...POINTS.filter((point) => held.includes(point)),
    ...held.filter((point) => !POINTS.includes(point)),
  ];
}

function meanNs({ timedMs, timedCycles }: PluginCost): number {
  return (timedMs / timedCycles) * 1e6;
}

function pointHead(point: string, styles: ReadonlyMap<string, SeriesStyle>): Markup {
  const token = styles.get(point)?.token ?? "accent";
  return markup`<span class="glyph" style="color:var(--${token})" aria-hidden="true">■</span>${point} ${badge("measured-core")}`;
}

function barOf(
  { plugin, costs }: PluginRow,
  points: readonly string[],
  styles: ReadonlyMap<string, SeriesStyle>,
  max: number,
): Markup {
  const parts = points.flatMap((point) => {
    const cost = costs.get(point);
    if (cost === undefined) return [];
    const value = meanNs(cost);
    const text = prettyUnits(quantityText(value, "ns", 3));
    return [{ name: point, token: styles.get(point)?.token ?? ("accent" as const), value, text }];
  });
  return stackBar(plugin, parts, max);
}

function costCell(cost: PluginCost | undefined): TableCell {
  if (cost === undefined) return { content: "–", className: "missing", sortValue: null };
  return {
    content: markup`${timeMarkup(meanNs(cost))} <span class="interval">${countsText(cost)}</span>`,
    sortValue: meanNs(cost),
  };
}

function countsText({ point, cycles, nodes, timedCycles }: PluginCost): string {
  if (!COUNTED_POINTS.has(point)) return `${countText(timedCycles)} timed`;
  if (cycles === 0) return "no nodes";
  return `${countText(cycles)} cycles, ${countText(nodes)} nodes`;
}

function timedText(costs: readonly PluginCost[]): string {
  const most = costs.reduce((max, { timedCycles }) => Math.max(max, timedCycles), 0);
  const cycles = costs.reduce((max, one) => Math.max(max, one.cycles), 0);
  return `${countText(most)} timed of ${countText(cycles)}`;
}

function timeMarkup(ns: number): Markup {
  return numberMarkup(ns, "ns", 2, "measured-core");
}
