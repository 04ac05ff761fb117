// Several calibrations of one machine as one: every price and every point of a curve is the median of theirs, so a run
// that was disturbed moves none of them.
import { assert } from "../base/assert.js";
import { median } from "../measure/statistics/quantiles.js";
import type { Calibration } from "./calibration.js";

/**
 * @param calibrations one at least, of one machine and the same probes; what is no number is taken from the first
 * @throws when there is none
 */
export function medianCalibration(calibrations: readonly Calibration[]): Calibration {
  assert(calibrations.length > 0, "no calibration has no median");
  return medianOf(calibrations) as Calibration;
}

function medianOf(values: readonly unknown[]): unknown {
  const [first] = values;
  if (typeof first === "number") return median(values as readonly number[]);
  if (Array.isArray(first))
    return first.map((_, index) => medianOf(values.map((each) => (each as unknown[])[index])));
  if (typeof first === "object" && first !== null)
    return Object.fromEntries(
      Object.keys(first).map((key) => [
        key,
        medianOf(values.map((each) => (each as Record<string, unknown>)[key])),
      ]),
    );
  return first;
}
