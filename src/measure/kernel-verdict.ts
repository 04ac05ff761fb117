// What a verification came to, in a word and in a sentence.
import type { KernelRecord, TimingRecord } from "./kernel-record.js";
import type { Verification } from "./run-record.js";

/** Verdicts decide; times that are off are told in the score and make no mismatch. */
export function verificationOf(record: KernelRecord): Verification {
  const { behaviour, notVerified } = record;
  const detail = kernelSentence(record);
  if (behaviour.every(({ flows }) => flows === 0)) {
    const [first] = notVerified;
    return { state: "not-verified", reason: first?.reason ?? "NOT_ASKED", detail };
  }
  const disagrees = behaviour.some(
    ({ flows, agreed, distribution }) => agreed < flows || distribution.some(({ agrees }) => !agrees),
  );
  return { state: disagrees ? "mismatch" : "verified", reason: null, detail };
}

/** "Linux 6.18 treats 80,000 of 80,000 flows over 4 paths as modelled (100%); ...". */
export function kernelSentence({ behaviour, timing, notVerified, host }: KernelRecord): string {
  const sum = (key: "flows" | "agreed") => behaviour.reduce((total, one) => total + one[key], 0);
  const [flows, agreed] = [sum("flows"), sum("agreed")];
  if (flows === 0) {
    const [first] = notVerified;
    return `Not verified against a kernel: ${first === undefined ? "nothing was asked for" : `${first.detail} (${first.reason})`}.`;
  }
  const paths = new Set(behaviour.map(({ path }) => path)).size;
  const counted = `${agreed.toLocaleString("en-US")} of ${flows.toLocaleString("en-US")} flows`;
  const agreement = `Linux ${host.kernel} treats ${counted} over ${paths} ${paths === 1 ? "path" : "paths"} as modelled (${sharePercent(agreed / flows)})`;
  return timing === null || timing.scores.length === 0
    ? `${agreement}.`
    : `${agreement}; ${timesPhrase(timing)}.`;
}

function timesPhrase({ scores, calibration }: TimingRecord): string {
  const points = scores.reduce((sum, score) => sum + score.points, 0);
  const close = scores.reduce((sum, score) => sum + score.withinClose * score.points, 0);
  const where = calibration.own ? "this machine's own prices" : "prices of a recorded machine";
  return `${sharePercent(close / points)} of ${points} modelled times are within 15% of the measured, with ${where}`;
}

/** 100% is all of them, never most of them. */
export function sharePercent(share: number): string {
  if (share === 1) return "100%";
  return `${Math.min(share * 100, 99.99).toFixed(share > 0.999 ? 2 : 1)}%`;
}
