// How many Pods wait in each of the scheduler's queues over the window.
import type { SchedulingMoment } from "../../../measure/scheduling-record.js";
import { badge, prettyUnits } from "../../badge.js";
import { courseSvg, type CourseLine } from "../../charts/course.js";
import type { Place } from "../../charts/marks.js";
import { figureMarkup } from "../../figure.js";
import type { Markup } from "../../markup.js";
import { markup } from "../../markup.js";
import { partStyles } from "../../palette.js";
import { countText, quantityText } from "../../quantity.js";
import { tableMarkup } from "../../table.js";
import { type Interval, intervalsOf } from "./intervals.js";
import type { ScheduledCase } from "./scheduled-cases.js";

const QUEUES = [
  ["active", "wait for their turn"],
  ["backoff", "failed lately and are held back"],
  ["unschedulable", "wait for something to change"],
  ["gated", "are kept out by a scheduling gate"],
] as const;
type Queue = (typeof QUEUES)[number][0];
const STEPS_MAX = 80;
/** Rows of the table of values. */
const ROWS_MAX = 25;

/** Null when no Pod ever waits. */
export function queueFigure({ record, row, anchor }: ScheduledCase): Markup | null {
  const { timeline } = record;
  const used = QUEUES.filter(([queue]) => timeline.some((moment) => depth(moment, queue) > 0));
  const intervals = intervalsOf(timeline, STEPS_MAX);
  const start = timeline[0];
  if (start === undefined || used.length === 0 || intervals.length < 2) return null;
  const most = Math.max(...used.map(([queue]) => deepest(timeline, queue)));
  const styles = partStyles(QUEUES.map(([queue]) => queue));
  const lines = used.flatMap(([name]): CourseLine[] => {
    const style = styles.get(name);
    return style ? [{ name, style, points: depths(start, intervals, name) }] : [];
  });
  const chart = {
    title: `Queue depths over time, ${row.workload}`,
    description: used.map(([queue]) => `${queue}: at most ${countText(deepest(timeline, queue))}`).join("; "),
    ...{ lines, level: null, whole: true, yName: "Pods in the queue (measured-core)" },
    // A round number above a handful would be a fraction.
    yMax: most < 10 ? most : null,
    print: countText,
  };
  const unused = QUEUES.filter((queue) => !used.includes(queue)).map(([queue]) => queue);
  const empty = unused.length === 0 ? "" : ` Always empty: ${unused.join(", ")}.`;
  return figureMarkup({
    ...{ id: `${anchor}-queues`, title: "Queue depths", provenances: ["measured-core"] },
    caption: `Most Pods in each step. ${used.map(([queue, meaning]) => `${queue}: ${meaning}`).join("; ")}.${empty} n = ${countText(timeline.length)} readings.`,
    draw: (size) => courseSvg(chart, size),
    table: depthTable(
      intervalsOf(timeline, ROWS_MAX),
      used.map(([queue]) => queue),
    ),
  });
}

function depth(moment: SchedulingMoment, queue: Queue): number {
  return moment.queue[queue] ?? 0;
}

function deepest(moments: readonly SchedulingMoment[], queue: Queue): number {
  return moments.reduce((most, moment) => Math.max(most, depth(moment, queue)), 0);
}

function depths(start: SchedulingMoment, intervals: readonly Interval[], queue: Queue): readonly Place[] {
  const rest = intervals.map(({ toMs, moments }): Place => [toMs / 1000, deepest(moments, queue)]);
  return [[start.atMs / 1000, depth(start, queue)], ...rest];
}

function depthTable(intervals: readonly Interval[], queues: readonly Queue[]): Markup {
  return tableMarkup({
    caption: "Most Pods in each queue by time",
    hideCaption: true,
    head: ["Until", ...queues.map((queue) => markup`${queue} ${badge("measured-core")}`)],
    rows: intervals.map(({ toMs, moments }) => ({
      head: prettyUnits(quantityText(toMs * 1e6, "ns", 3)),
      cells: queues.map((queue) => ({ content: countText(deepest(moments, queue)) })),
    })),
  });
}
