// The answer of a run that schedules Pods, in words: how many a second on the largest cluster, and how long one takes.
import type { CaseRecord } from "../measure/run-record.js";
import { listOf } from "./answer-state.js";
import { countText, percentText, quantityText } from "./quantity.js";
import { setUpWords } from "./scheduled-through.js";
import { rateText, type SchedulingRow, schedulingRows } from "./scheduling-rows.js";

/**
 * "On 5,000 nodes SchedulingBasic/5000Nodes_10000Pods schedules 15,200 Pods a second with p50 45 us and p99 130 us per
 * attempt (measured in process, no API server); its authors ask for at least 680 on their machines." Where Pods come at
 * a rate of their own, the answer is how many were placed and how long they waited. Null when no case finished.
 */
export function schedulingSentence(cases: readonly CaseRecord[]): string | null {
  const rows = schedulingRows(cases).filter(({ podsPerSecond }) => podsPerSecond !== null);
  const [first] = rows.toSorted((a, b) => (b.nodes ?? 0) - (a.nodes ?? 0));
  if (first === undefined) return null;
  const variants = rows.filter(({ workload, nodes }) => workload === first.workload && nodes === first.nodes);
  const place = first.nodes === null ? "" : `On ${countText(first.nodes)} nodes `;
  const rates = listOf(variants.map((row) => variantText(row, variants.length > 1)));
  return `${place}${first.workload} schedules ${rates} (${setUpWords(first.through).measured})${floorText(first)}.${restText(rows, variants)}`;
}

function variantText(row: SchedulingRow, named: boolean): string {
  const under = named && row.variant !== "" ? ` under ${row.variant}` : "";
  if (row.isPaced && row.totalNsP50 !== null)
    return `${percentText(row.placedShare ?? 0, 3)} of its Pods${under}, from due to bound in ${timesText(row.totalNsP50, row.totalNsP99)}`;
  const rate = `${rateText(row.podsPerSecond ?? 0)} Pods a second${under}`;
  return row.attemptNsP50 === null
    ? rate
    : `${rate} with ${timesText(row.attemptNsP50, row.attemptNsP99)} per attempt`;
}

function timesText(p50: number, p99: number | null): string {
  const tail = p99 === null ? "" : ` and p99 ${quantityText(p99, "ns", 2)}`;
  return `p50 ${quantityText(p50, "ns", 2)}${tail}`;
}

function floorText({ floor }: SchedulingRow): string {
  if (floor === null) return "";
  return `; its authors ask for ${floor.isCeiling ? "at most" : "at least"} ${countText(floor.value)} on their machines`;
}

/** The span of the other workloads. */
function restText(rows: readonly SchedulingRow[], told: readonly SchedulingRow[]): string {
  const rates = rows.filter((row) => !told.includes(row)).map(({ podsPerSecond }) => podsPerSecond ?? 0);
  if (rates.length === 0) return "";
  const [low, high] = [rateText(Math.min(...rates)), rateText(Math.max(...rates))];
  const span = low === high ? low : `${low} to ${high}`;
  return ` The ${rates.length === 1 ? "other case" : `${rates.length} other cases`}: ${span} Pods a second.`;
}
