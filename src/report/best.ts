// Which of several cases is best in a metric, without claiming what the numbers do not support: every case whose
// interval overlaps the best one's shares the mark, and every modelled time within the model's error of the best.
import { withinModelledError } from "../measure/modelled-error.js";
import type { MetricName } from "../measure/metrics.js";
import type { CaseRecord, MetricRecord } from "../measure/run-record.js";
import { metricOf } from "./grid.js";

/** Cases that are best in `name`, or cannot be told from it; none when nothing compares or all are alike. */
export function bestCases(cases: readonly CaseRecord[], name: MetricName): ReadonlySet<CaseRecord> {
  const rows = cases.flatMap((one) => {
    const metric = metricOf(one, name);
    return metric && metric.better !== "none" ? [{ one, metric }] : [];
  });
  const first = rows[0];
  if (first === undefined || rows.length < 2) return new Set();
  const best = rows.reduce((a, b) => (isBetter(b.metric, a.metric) ? b : a), first);
  const marked = rows.filter((row) => row === best || cannotTellApart(row.metric, best.metric));
  return marked.length === rows.length ? new Set() : new Set(marked.map((row) => row.one));
}

function isBetter(a: MetricRecord, b: MetricRecord): boolean {
  const difference = a.summary.median - b.summary.median;
  return a.better === "lower" ? difference < 0 : difference > 0;
}

/**
 * Whether two values of one metric are equal as far as their intervals, or the model's error, tell; a measured time
 * without an interval tells nothing.
 */
export function cannotTellApart(a: MetricRecord, b: MetricRecord): boolean {
  if (a.provenance === "modelled") return withinModelledError(a.summary.median, b.summary.median);
  if (a.assume === "exact") return a.summary.median === b.summary.median;
  const [left, right] = [a.summary.ci95, b.summary.ci95];
  return left === null || right === null || (left[0] <= right[1] && right[0] <= left[1]);
}
