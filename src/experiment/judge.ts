// Cases -> thresholds held or not -> one verdict. A threshold that cannot be evaluated counts as breached.
import { METRICS } from "../measure/metrics.js";
import type { CaseRecord, ThresholdRecord, Verdict, Warning } from "../measure/run-record.js";
import type { Operator, Threshold } from "./scenario-types.js";

const HOLDS: Record<Operator, (got: number, limit: number) => boolean> = {
  "<": (got, limit) => got < limit,
  "<=": (got, limit) => got <= limit,
  ">": (got, limit) => got > limit,
  ">=": (got, limit) => got >= limit,
  "==": (got, limit) => got === limit,
};

/** One record per threshold and case it applies to; one with ok null when no case has the metric. */
export function judgeThresholds(
  thresholds: readonly Threshold[],
  cases: readonly CaseRecord[],
): ThresholdRecord[] {
  return thresholds.flatMap((threshold): ThresholdRecord[] => {
    const { metric, where, must, because } = threshold;
    const held = cases.filter((record) =>
      Object.entries(where).every(([name, value]) => record.labels[name] === value),
    );
    const judged = held.flatMap((record): ThresholdRecord[] => {
      const found = record.metrics.find(({ name }) => name === metric);
      if (found === undefined) return [];
      const got = found.summary.median;
      return [
        {
          metric,
          where: record.labels,
          must,
          because,
          got,
          ok: HOLDS[threshold.operator](got, threshold.limit),
        },
      ];
    });
    return judged.length > 0 ? judged : [{ metric, where, must, because, got: null, ok: null }];
  });
}

export interface VerdictInput {
  readonly cases: readonly CaseRecord[];
  readonly thresholds: readonly ThresholdRecord[];
  readonly warnings: readonly Warning[];
  readonly answer: string;
  readonly reproduce: string;
}

/** fail: a case or a threshold failed. inconclusive: nothing was measured. warn: it ran, with warnings. */
export function judgeRun({ cases, thresholds, warnings, answer, reproduce }: VerdictInput): Verdict {
  const failures = [
    ...cases.filter(({ status }) => status === "failed").map(({ id, reason }) => `${id} failed: ${reason}`),
    ...thresholds.filter(({ ok }) => ok !== true).map(describeBreach),
  ];
  const measured = cases.some(({ status }) => status === "ok");
  const status =
    failures.length > 0 ? "fail" : !measured ? "inconclusive" : warnings.length > 0 ? "warn" : "pass";
  const reasons = failures.length > 0 ? failures : warnings.map(({ message }) => message);
  return { status, answer, reasons, reproduce };
}

function describeBreach({ metric, where, must, got, because }: ThresholdRecord): string {
  const place = Object.entries(where)
    .map(([name, value]) => ` ${name}=${value}`)
    .join("");
  if (got === null) return `${metric}${place} must be ${must}, but no case measured it (${because})`;
  return `${metric}${place} must be ${must}, got ${got} ${METRICS[metric].unit} (${because})`;
}
