// How well Pods lie: how full and how even the nodes are, what cannot be used, who found no place.
import type { PlacementRecord } from "../../../measure/scheduling-record.js";
import { badge, numberMarkup, prettyUnits } from "../../badge.js";
import { type CourseLine, courseSvg } from "../../charts/course.js";
import type { Place } from "../../charts/marks.js";
import { figureMarkup } from "../../figure.js";
import { pairsByName } from "../../grid.js";
import { type Fillable, type Markup, markup } from "../../markup.js";
import { type SeriesStyle, partStyles } from "../../palette.js";
import { percentText, quantityText } from "../../quantity.js";
import { type TableCell, tableMarkup } from "../../table.js";
import { type Interval, intervalsOf } from "./intervals.js";
import { caseHead, type ScheduledCase } from "./scheduled-cases.js";

const STEPS_MAX = 80;
const ROWS_MAX = 25;
/** Smaller deviations are what sums of floating-point shares leave behind. */
const SHARE_LEAST = 1e-9;
const FRAGMENTATION = "fragmentation";

/** A row per case; resources that no case has anything of are left out. */
export function placementTable(cases: readonly ScheduledCase[]): Markup {
  const resources = resourcesOf(cases.map(({ record }) => record.placement));
  const fragmented = cases.some(({ record }) => record.placement.fragmentation !== null);
  const column = (title: Fillable) => markup`${title} ${badge("counted")}`;
  return tableMarkup({
    ...{ caption: "Placement at the end, by case", hideCaption: true, className: "sortable" },
    head: [
      "Case",
      ...["Placed", "Empty nodes"].map(column),
      ...(fragmented ? [column("Fragmentation")] : []),
      ...resources.flatMap((name) => [column(`${name} taken`), column(`${name} imbalance`)]),
    ],
    rows: cases.map(({ row, record: { placement } }) => ({
      head: caseHead(row),
      cells: [
        shareCell(placement.placedShare),
        {
          content: numberMarkup(placement.emptyNodes, "1", "exact", "counted"),
          sortValue: placement.emptyNodes,
        },
        ...(fragmented ? [shareCell(placement.fragmentation)] : []),
        ...resources.flatMap((name) => [
          shareCell(placement.utilisation[name] ?? null),
          shareCell(placement.imbalance[name] ?? null),
        ]),
      ],
    })),
  });
}

function resourcesOf(placements: readonly PlacementRecord[]): readonly string[] {
  const names = placements.flatMap(({ utilisation }) =>
    pairsByName(utilisation).flatMap(([name, share]) => (share > SHARE_LEAST ? [name] : [])),
  );
  return [...new Set(names)].sort();
}

function shareCell(share: number | null): TableCell {
  if (share === null) return { content: "–", className: "missing", sortValue: null };
  const rounded = share < SHARE_LEAST ? 0 : share;
  const content = markup`<data class="value" data-provenance="counted" value="${rounded}">${percentText(rounded, 3)}</data>`;
  return { content, sortValue: rounded };
}

/** For recorded loads, whose Pods come and go: utilisation and fragmentation over time. Null for others. */
export function placementFigure({ record, row, anchor }: ScheduledCase): Markup | null {
  const { timeline } = record;
  const comesAndGoes =
    row.workload.startsWith("trace/") || timeline.some((one) => one.fragmentation !== null);
  const intervals = intervalsOf(timeline, STEPS_MAX);
  if (!comesAndGoes || intervals.length < 2) return null;
  const names = seriesOf(intervals);
  const styles = partStyles(names);
  const lines = names.flatMap((name) => lineOf(intervals, name, styles));
  const chart = {
    title: `Utilisation and fragmentation over time, ${row.workload}`,
    description: names.map((name) => `${name}: at most ${percentText(highest(intervals, name))}`).join("; "),
    ...{ lines, level: null, yMax: 1, yName: "share of the cluster (measured-core)" },
    print: (share: number) => `${Math.round(share * 100)}%`,
  };
  return figureMarkup({
    ...{ id: `${anchor}-placement`, title: "Utilisation and fragmentation", provenances: ["measured-core"] },
    caption: `Share of each resource that is taken. Fragmentation: share of the scarce resource that is free and that no Pod of the load can use. n = ${timeline.length} readings of the timed pass.`,
    draw: (size) => courseSvg(chart, size),
    table: shareTable(intervalsOf(timeline, ROWS_MAX), names),
  });
}

/** Resources that are taken at some time, then fragmentation where it is known. */
function seriesOf(intervals: readonly Interval[]): readonly string[] {
  const resources = [
    ...new Set(
      intervals.flatMap(({ moments }) =>
        moments.flatMap(({ utilisation }) => pairsByName(utilisation).map(([name]) => name)),
      ),
    ),
  ].sort();
  return [...resources, FRAGMENTATION].filter((name) => highest(intervals, name) > 0);
}

function highest(intervals: readonly Interval[], name: string): number {
  return intervals.reduce((most, interval) => Math.max(most, shareAt(interval, name) ?? 0), 0);
}

/** At the end of the interval. */
function shareAt({ moments }: Interval, name: string): number | null {
  const last = moments.at(-1);
  if (last === undefined) return null;
  return name === FRAGMENTATION ? last.fragmentation : (last.utilisation[name] ?? null);
}

function lineOf(
  intervals: readonly Interval[],
  name: string,
  styles: ReadonlyMap<string, SeriesStyle>,
): readonly CourseLine[] {
  const style = styles.get(name);
  const points = intervals.flatMap((interval): readonly Place[] => {
    const share = shareAt(interval, name);
    return share === null ? [] : [[interval.toMs / 1000, share]];
  });
  // "example.com/gpu" is longer than the margin.
  return style ? [{ name: name.replace(/^.*\//, ""), style, points }] : [];
}

function shareTable(intervals: readonly Interval[], names: readonly string[]): Markup {
  return tableMarkup({
    caption: "Utilisation and fragmentation by time",
    hideCaption: true,
    head: ["At", ...names.map((name) => markup`${name} ${badge("measured-core")}`)],
    rows: intervals.map((interval) => ({
      head: prettyUnits(quantityText(interval.toMs * 1e6, "ns", 3)),
      cells: names.map((name) => {
        const share = shareAt(interval, name);
        return { content: share === null ? "–" : percentText(share, 3) };
      }),
    })),
  });
}
