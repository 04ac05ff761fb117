// A timeline in at most so many steps. Counts are differences of what really was read, so that rate times time adds up to
// the Pods scheduled; a queue's depth is its largest in the step, so that no peak is thinned away.
import type { SchedulingMoment } from "../../../measure/scheduling-record.js";

export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
  /** Pods scheduled in it. */
  readonly scheduled: number;
  /** All readings after fromMs, up to toMs; at least one. */
  readonly moments: readonly SchedulingMoment[];
}

/** Cost: O(moments). Empty for a timeline of fewer than two moments. */
export function intervalsOf(timeline: readonly SchedulingMoment[], countMax: number): readonly Interval[] {
  const [first, last] = [timeline[0], timeline.at(-1)];
  if (first === undefined || last === undefined) return [];
  const stepMs = (last.atMs - first.atMs) / countMax;
  const intervals: Interval[] = [];
  let before = first;
  let moments: SchedulingMoment[] = [];
  for (const moment of timeline.slice(1)) {
    moments.push(moment);
    const isFull = moment.atMs - before.atMs >= stepMs || moment === last;
    if (!isFull || moment.atMs <= before.atMs) continue;
    intervals.push(intervalOf(before, moments));
    before = moment;
    moments = [];
  }
  return joinedAtEnd(intervals, stepMs / 2);
}

/** @param moments what follows `before`; at least one */
function intervalOf(before: SchedulingMoment, moments: readonly SchedulingMoment[]): Interval {
  const last = moments.at(-1) ?? before;
  return { fromMs: before.atMs, toMs: last.atMs, scheduled: last.scheduled - before.scheduled, moments };
}

/** What the window's end cuts off short belongs to the step before it: over so little time one Pod is a high rate. */
function joinedAtEnd(intervals: readonly Interval[], shortMs: number): readonly Interval[] {
  const [previous, last] = intervals.slice(-2);
  if (previous === undefined || last === undefined || last.toMs - last.fromMs >= shortMs) return intervals;
  const joined = {
    fromMs: previous.fromMs,
    toMs: last.toMs,
    scheduled: previous.scheduled + last.scheduled,
    moments: [...previous.moments, ...last.moments],
  };
  return [...intervals.slice(0, -2), joined];
}

/** Pods per second. */
export function rateOf({ fromMs, toMs, scheduled }: Interval): number {
  return scheduled / ((toMs - fromMs) / 1000);
}
