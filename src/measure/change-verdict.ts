// From an estimate with its intervals to one of five verdicts.
//
//            -margin        0        +margin
//   ------------|-----------+-----------|--------------> change for the worse
//                                           [--o--]      confirmed: the 95% interval lies beyond the margin
//                                    [---------o---]     likely: adjusted p < 0.05 and the estimate beyond it
//                  [----o----]                           no meaningful change: the 90% interval inside both margins
//                    [-----------o------]                inconclusive: anything else
import type { ChangeVerdict, Confidence } from "./comparison.js";
import type { Shift } from "./statistics/shift.js";

/** Fewer samples per side support no claim. */
export const CLAIM_SAMPLES_MIN = 6;
/** Samples per side that a gate over many metrics needs. */
const GATE_SAMPLES = 10;
const ALPHA = 0.05;
/** More samples than this would not be taken; say so instead of a number. */
const SETTLE_SAMPLES_MAX = 1000;

export interface Judgement {
  readonly verdict: ChangeVerdict;
  readonly confidence: Confidence | null;
  readonly reason: string | null;
  readonly samplesToSettle: number | null;
}

/** Exact values: different is different. */
export function judgeExact(
  baseline: number,
  candidate: number,
  better: "lower" | "higher" | "none",
): Judgement {
  const none = { reason: null, samplesToSettle: null };
  if (baseline === candidate) return { verdict: "identical", confidence: "exact", ...none };
  if (better === "none") {
    const reason = "it differs, and neither direction is better";
    return { verdict: "inconclusive", confidence: "exact", reason, samplesToSettle: null };
  }
  return { verdict: direction(candidate - baseline, better), confidence: "exact", ...none };
}

export interface TimingEvidence {
  readonly shift: Shift;
  readonly adjustedP: number;
  readonly margin: number;
  readonly better: "lower" | "higher" | "none";
  /** Samples of the smaller side. */
  readonly samples: number;
}

export function judgeTiming(evidence: TimingEvidence): Judgement {
  const { shift, adjustedP, margin, better, samples } = evidence;
  const claim = (verdict: ChangeVerdict, confidence: Confidence | null): Judgement => ({
    verdict,
    confidence,
    reason: null,
    samplesToSettle: null,
  });
  if (samples < CLAIM_SAMPLES_MIN) {
    const reason = `${samples} samples support no claim; ${CLAIM_SAMPLES_MIN} do, and a gate needs ${GATE_SAMPLES}`;
    return { verdict: "inconclusive", confidence: null, reason, samplesToSettle: GATE_SAMPLES };
  }
  const [low, high] = shift.ci95;
  if (low > margin || high < -margin) return claim(direction(shift.estimate, better), "confirmed");
  if (adjustedP < ALPHA && Math.abs(shift.estimate) > margin)
    return claim(direction(shift.estimate, better), "likely");
  if (shift.ci90[0] >= -margin && shift.ci90[1] <= margin) return claim("no-meaningful-change", null);
  return {
    verdict: "inconclusive",
    confidence: null,
    reason: doubt(shift, better),
    samplesToSettle: samplesToSettle(evidence),
  };
}

function direction(change: number, better: "lower" | "higher" | "none"): ChangeVerdict {
  if (better === "none") return "inconclusive";
  return change < 0 === (better === "lower") ? "improved" : "regressed";
}

/** The worst that the samples do not rule out. */
function doubt({ ci95: [low, high] }: Shift, better: "lower" | "higher" | "none"): string {
  const worst = better === "higher" ? -low : high;
  const best = better === "higher" ? high : -low;
  if (better !== "none" && worst > 0) return `could be up to ${percent(worst)} worse`;
  return `could be up to ${percent(Math.max(worst, best))} ${better === "none" ? "different" : "better"}`;
}

/**
 * Samples at which the interval, which narrows with the root of their number, would lie on one side of the margin if
 * the estimate stayed as it is; null when that is beyond what anyone takes.
 */
function samplesToSettle({ shift, margin, samples }: TimingEvidence): number | null {
  const halfWidth = (shift.ci95[1] - shift.ci95[0]) / 2;
  const room = Math.abs(Math.abs(shift.estimate) - margin);
  const needed = Math.ceil(samples * (halfWidth / room) ** 2) + 1;
  return needed <= SETTLE_SAMPLES_MAX ? Math.max(needed, samples + 1, GATE_SAMPLES) : null;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
