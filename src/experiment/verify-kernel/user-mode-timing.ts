// Times of IPVS where only a user-mode Linux has it, beside the native ones in one record.
import { IPVS_PACING } from "../../kernel/timing/ipvs-pacing.js";
import type { KernelRecord, TimingRecord } from "../../measure/kernel-record.js";
import { IPVS_SWEEP, timeOneAtATime } from "./one-at-a-time.js";
import type { TimingOptions } from "./timing.js";
import type { Prices } from "./timing-record.js";

/** What was found about times. */
export type FoundTimes = Pick<KernelRecord, "timing" | "notVerified">;

export interface UserModeTimes extends Omit<TimingOptions, "pacing" | "sweep"> {
  readonly seed: number;
  readonly prices: Prices;
}

/** Times in the user-mode Linux added to what else was found. */
export async function withUserModeTimes<F extends FoundTimes>(found: F, asked: UserModeTimes): Promise<F> {
  const { seed, prices, ...given } = asked;
  const pacing = { ...IPVS_PACING, seed };
  const { timing, notVerified } = await timeOneAtATime({ ...given, pacing, sweep: IPVS_SWEEP }, prices);
  return {
    ...found,
    timing: mergeTiming(found.timing, timing),
    notVerified: [...found.notVerified, ...notVerified],
  };
}

/** @param native null when nothing was timed there */
export function mergeTiming(native: TimingRecord | null, guest: TimingRecord): TimingRecord {
  if (native === null) return guest;
  const isOfIpvs = ({ a, b }: TimingRecord["crossovers"][number]) => a === "ipvs" || b === "ipvs";
  return {
    ...native,
    rounds: native.rounds + guest.rounds,
    roundsRejected: native.roundsRejected + guest.roundsRejected,
    controls: [...native.controls, ...guest.controls],
    points: [...native.points, ...guest.points],
    scores: [...native.scores, ...guest.scores],
    order: {
      agreed: native.order.agreed + guest.order.agreed,
      pairs: native.order.pairs + guest.order.pairs,
    },
    crossovers: [...native.crossovers, ...guest.crossovers.filter(isOfIpvs)],
  };
}
