// What a phase of a case is handed, and how it hands back what it found.
import type { Clock } from "../base/clock.js";
import type { Histogram } from "../measure/histogram.js";
import type { MetricName } from "../measure/metrics.js";
import type { Warning } from "../measure/run-record.js";
import type { Timer } from "../measure/timer.js";
import type { MetricValue, SampleRequest } from "./sample-types.js";
import type { Labels } from "./scenario-types.js";

export interface PhaseContext {
  readonly request: SampleRequest;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly findings: Findings;
}

/** More things under one code are counted, not named. */
const NAMED_MAX = 8;

/** Collects metric values and warnings of one sample. */
export class Findings {
  readonly values: MetricValue[] = [];
  readonly warnings: Warning[] = [];

  add(
    name: MetricName,
    value: number,
    details: { labels?: Labels; histogram?: Histogram; breakdown?: Readonly<Record<string, number>> } = {},
  ): void {
    const { labels = {}, histogram, breakdown } = details;
    this.values.push({
      name,
      value,
      labels,
      histogram: histogram?.toJSON() ?? null,
      breakdown: breakdown ?? null,
    });
  }

  /** One warning per code: a phase that says the same thing about every packet says it once. */
  warn(code: string, message: string, hint: string): void {
    if (!this.warnings.some((warning) => warning.code === code)) this.warnings.push({ code, message, hint });
  }

  /** Different things under one code, a few by name, in one warning; none when there is nothing to say. */
  warnOfEach(code: string, messages: readonly string[], hint: string): void {
    const more = messages.length - NAMED_MAX;
    const named = messages.slice(0, NAMED_MAX);
    if (more > 0) named.push(`and ${more} more`);
    if (named.length > 0) this.warn(code, named.join("; "), hint);
  }
}
