// Floors name a metric of their own choice; those of Pods per second stand beside ours.
import type { ImportedFloor } from "../../../measure/scheduling-record.js";

/** The floor, if it is the least Pods per second. */
export function rateFloor(floor: ImportedFloor | null): ImportedFloor | null {
  return floor !== null && isRate(floor) && !floor.isCeiling ? floor : null;
}

export function isRate({ metric }: ImportedFloor): boolean {
  return metric.startsWith("SchedulingThroughput");
}
