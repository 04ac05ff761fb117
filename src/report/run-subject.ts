// What a run is about, so that a page does not talk of packets where there are none.
import type { CaseRecord } from "../measure/run-record.js";
import { isControlPlaneCase } from "./controlplane-rows.js";
import { isSchedulingCase } from "./scheduling-rows.js";

/** A run without any case was meant to send some. */
export function sendsPackets(cases: readonly CaseRecord[]): boolean {
  return cases.length === 0 || !cases.every((one) => isSchedulingCase(one) || isControlPlaneCase(one));
}

export function schedulesPods(cases: readonly CaseRecord[]): boolean {
  return cases.some(isSchedulingCase);
}
