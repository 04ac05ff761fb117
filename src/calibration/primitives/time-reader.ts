// Times of probes, looked up by what was timed, and what is common to all that is made of them.
import { present } from "../../base/assert.js";
import type { PacketKind } from "../../measure/kernel-record.js";
import type { Curve, Flavour } from "../calibration.js";
import { type SetUp, setUpProbeId } from "./path-probes.js";
import { type Spread, timeKey } from "./probe.js";
import { COPIES, ruleProbeId } from "./rule-probes.js";

/** timeKey() -> ns per packet. Controls are "none" and "conntrack". */
export type ProbeTimes = ReadonlyMap<string, number>;

export class TimeReader {
  readonly #times: ProbeTimes;

  constructor(times: ProbeTimes) {
    this.#times = times;
  }

  at(id: string, packet: PacketKind, spread: Spread): number {
    const key = timeKey(id, packet, spread);
    return present(this.#times.get(key), `a time of '${key}'`);
  }

  control(name: "none" | "conntrack", packet: PacketKind): number {
    return this.at(name, packet, "fixed");
  }

  setUp(flavour: Flavour, setUp: SetUp, packet: PacketKind): number {
    return this.at(setUpProbeId(flavour, setUp), packet, "fixed");
  }

  /** ns of evaluating a rule once. */
  slope(flavour: Flavour, rule: string): number {
    const [few, many] = COPIES.map((copies) => this.at(ruleProbeId(flavour, rule, copies), "first", "fixed"));
    return ((many as number) - (few as number)) / (COPIES[1] - COPIES[0]);
  }
}

/** Noise may put a point below the one before it; more work is never cheaper. */
export function risingCurve(points: readonly (readonly [number, number])[]): Curve["points"] {
  let highest = 0;
  return points.map(([x, ns]) => {
    highest = Math.max(highest, ns);
    return [x, roundNs(highest)] as const;
  });
}

export function roundNs(ns: number): number {
  return Math.round(ns * 100) / 100;
}
