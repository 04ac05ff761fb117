// How small a change so many samples can show.
// Normal theory with the efficiency of the median (pi/2 times the samples of a mean), one sample added for small
// numbers: 3% noise and a 5% effect need 10 per side, 2% and 5% 5, 5% and 5% 26, 3% and 2% 57.
import { assert } from "../../base/assert.js";
import { normalQuantile } from "./special-functions.js";

const MEDIAN_COST = Math.PI / 2;
const POWER = 0.8;

export interface SampleSizeQuestion {
  /** Standard deviation of one sample, relative to its size. */
  readonly noise: number;
  /** Two-sided error rate. */
  readonly alpha: number;
  /** Paired samples need the noise of their difference, and no second side. */
  readonly paired: boolean;
}

/** The relative change that `samples` per side find four times in five. */
export function detectableEffect(samples: number, question: SampleSizeQuestion): number {
  assert(samples >= 2, `${samples} samples`);
  return question.noise * Math.sqrt(samplesFactor(question) / (samples - 1));
}

function samplesFactor({ alpha, paired }: SampleSizeQuestion): number {
  const z = normalQuantile(1 - alpha / 2) + normalQuantile(POWER);
  // Hodges and Lehmann's estimate of a paired shift wastes 5% against the mean.
  return paired ? (z * z) / 0.955 : 2 * MEDIAN_COST * z * z;
}
