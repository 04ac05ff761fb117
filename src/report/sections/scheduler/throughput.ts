// Pods per second over the window, beside the floor that the workload's authors set.
import type { ImportedFloor } from "../../../measure/scheduling-record.js";
import { badge, numberMarkup, prettyUnits } from "../../badge.js";
import { courseSvg, type CourseLine } from "../../charts/course.js";
import { figureMarkup } from "../../figure.js";
import { type Markup, markup } from "../../markup.js";
import type { Place } from "../../charts/marks.js";
import { partStyles } from "../../palette.js";
import { countText, quantityText } from "../../quantity.js";
import { tableMarkup } from "../../table.js";
import { intervalsOf, type Interval, rateOf } from "./intervals.js";
import { rateFloor } from "./rate-floor.js";
import type { ScheduledCase } from "./scheduled-cases.js";

const STEPS_MAX = 50;

/** One line per case; cases drawn together are of one workload. Null when no timeline is long enough. */
export function throughputFigure(
  cases: readonly ScheduledCase[],
  { id, names }: { readonly id: string; readonly names: readonly string[] },
): Markup | null {
  const drawn = cases.map(({ record }) => intervalsOf(record.timeline, STEPS_MAX));
  const styles = partStyles(names);
  const lines = names.flatMap((name, index): CourseLine[] => {
    const style = styles.get(name);
    const intervals = drawn[index] ?? [];
    return style && intervals.length > 1 ? [{ name, style, points: stairs(intervals) }] : [];
  });
  const words = names.map((name, index) => `${name}: ${spanWords(drawn[index] ?? [])}`);
  const [first] = cases;
  if (lines.length === 0 || first === undefined) return null;
  const floor = rateFloor(first.record.floor);
  const chart = {
    title: `Pods per second over time, ${first.row.workload}`,
    description: words.join("; "),
    ...{ lines, yMax: null, yName: "Pods per second (measured-core)" },
    level: floor === null ? null : { name: `floor ${countText(floor.value)}`, value: floor.value },
    print: (rate: number) => quantityText(rate, "1/s", "exact"),
  };
  return figureMarkup({
    ...{ id, title: "Pods per second", provenances: ["measured-core"] },
    caption: markup`Pods bound in each step of time, by its length. ${windowText(cases)}${floorCaption(floor)}`,
    draw: (size) => courseSvg(chart, size),
    table: rateTable(drawn, names),
  });
}

function stairs(intervals: readonly Interval[]): readonly Place[] {
  return intervals.flatMap((one): readonly Place[] => [
    [one.fromMs / 1000, rateOf(one)],
    [one.toMs / 1000, rateOf(one)],
  ]);
}

function floorCaption(floor: ImportedFloor | null): Markup | null {
  if (floor === null) return null;
  return markup` Dashed: ${badge("imported")} floor of upstream's CI (${floor.source}), another machine with an API server.`;
}

function windowText(cases: readonly ScheduledCase[]): string {
  const counts = new Set(cases.map(({ record }) => record.podsScheduled));
  const pods = cases.map(({ record }) => countText(record.podsScheduled)).join(" and ");
  const n = counts.size === 1 ? countText([...counts][0] ?? 0) : pods;
  return `n = ${n} Pods, one process: the one of median rate.`;
}

function spanWords(intervals: readonly Interval[]): string {
  const rates = intervals.map(rateOf);
  const [low, high] = [Math.min(...rates), Math.max(...rates)];
  return `between ${quantityText(low, "1/s", 3)} and ${quantityText(high, "1/s", 3)}`;
}

/** A table per case: each has steps of its own. */
function rateTable(drawn: readonly (readonly Interval[])[], names: readonly string[]): Markup {
  const tables = drawn.map((intervals, index) =>
    tableMarkup({
      caption: `Pods per second over time, ${names[index]}`,
      hideCaption: names.length === 1,
      head: ["Until", markup`Pods bound ${badge("measured-core")}`, markup`Pods/s ${badge("measured-core")}`],
      rows: intervals.map((one) => ({
        head: prettyUnits(quantityText(one.toMs * 1e6, "ns", 3)),
        cells: [
          { content: countText(one.scheduled) },
          { content: numberMarkup(rateOf(one), "1/s", 3, "measured-core") },
        ],
      })),
    }),
  );
  return markup`${tables}`;
}
