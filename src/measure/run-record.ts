// The canonical result of a run: what result.json holds. Everything else (HTML, Markdown, CSV) is derived from it.
// Base units, RFC 3339 UTC, null for "no value", keys absent when not requested, never NaN; keys sorted when written.
import type { MetricName, Provenance, Unit } from "./metrics.js";
import type { KernelRecord } from "./kernel-record.js";
import type { SchedulingRecord } from "./scheduling-record.js";

/** Semantic version of this layout, independent of the tool's. */
export const RUN_SCHEMA_VERSION = "1.3.0";

/** Label -> value, in order. */
export type Labels = Readonly<Record<string, string | number>>;

export interface RunRecord {
  readonly schemaVersion: string;
  readonly tool: {
    readonly name: "plumbline";
    readonly version: string;
    readonly commit: string | null;
    /** Module name -> sha256 of the WASM binary. */
    readonly wasm: Readonly<Record<string, string>>;
  };
  readonly run: {
    readonly id: string;
    readonly startedAt: string;
    readonly finishedAt: string;
    readonly argv: readonly string[];
    readonly seed: number;
    /** partial: interrupted or out of time; the samples it holds are valid. */
    readonly status: "complete" | "partial";
  };
  readonly scenario: {
    readonly name: string;
    readonly purpose: string;
    /** sha256 of the resolved scenario; runs with different digests are not comparable. */
    readonly digest: string;
    readonly resolved: unknown;
  };
  readonly environment: Environment;
  /** The machine whose kernel primitives modelled times are made of. */
  readonly calibration?: {
    readonly machine: string;
    /** When, RFC 3339; absent in records of older layouts. */
    readonly measuredAt?: string;
    /** Whether it is the machine of this run. */
    readonly isOwn?: boolean;
    /** Relative error of modelled times against whole rulesets in that machine's kernel, where that was checked. */
    readonly errorShare?: number;
    /** Mode -> how its costs were come by: measured, derived, assumed. */
    readonly origins?: Readonly<Record<string, string>>;
  };
  readonly cases: readonly CaseRecord[];
  readonly thresholds: readonly ThresholdRecord[];
  readonly verification: Verification;
  /** Present when rules and packets were put into a kernel. */
  readonly kernelVerification?: KernelRecord;
  readonly verdict: Verdict;
  readonly warnings: readonly Warning[];
}

export interface Environment {
  readonly fingerprint: string;
  readonly os: string;
  readonly kernel: string;
  readonly cpu: { readonly model: string; readonly cores: number; readonly mhz: number | null };
  readonly memoryBytes: number;
  readonly node: string;
  readonly v8: string;
  readonly timer: { readonly resolutionNs: number; readonly overheadNs: number };
  /** Relative spread of one fixed computation timed again and again: what this machine cannot tell apart. */
  readonly noise: { readonly relativeMad: number; readonly samples: number } | null;
  /** Share of CPU time used by others while the run went on, 0..1; null where /proc/stat is missing. */
  readonly busyShare: number | null;
  /** Of that, time the hypervisor gave to other machines. */
  readonly stealShare?: number | null;
}

export interface CaseRecord {
  /** "mode=iptables services=1000": labels in order; unique in a run. */
  readonly id: string;
  readonly labels: Labels;
  readonly status: "ok" | "failed" | "skipped" | "unsupported";
  /** Why, when status is not ok. */
  readonly reason: string | null;
  /** What was asked for and what was applied: a run that applied something else is failed. */
  readonly workload: {
    readonly requested: Readonly<Record<string, number>>;
    readonly applied: Readonly<Record<string, number>>;
  };
  readonly metrics: readonly MetricRecord[];
  /** Present in every case that schedules Pods; null when none of its samples was finished. */
  readonly scheduling?: SchedulingRecord | null;
  /** Present in every case that went through a whole control plane. */
  readonly controlplane?: true;
}

export interface MetricRecord {
  readonly name: MetricName;
  readonly unit: Unit;
  readonly better: "lower" | "higher" | "none";
  readonly provenance: Provenance;
  readonly assume: "exact" | "nothing";
  /** One value per fresh process, in the order taken; one in all for exact metrics. */
  readonly samples: readonly Sample[];
  readonly summary: Summary;
  /** Distribution inside the samples, over packets; merged, never averaged. Absent when there is none. */
  readonly distribution?: Distribution;
  /** Counter name -> mean per packet, for metrics that have a breakdown. */
  readonly breakdown?: Readonly<Record<string, number>>;
}

export interface Sample {
  readonly block: number;
  readonly value: number;
}

export interface Summary {
  readonly n: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** 95% bootstrap interval of the median; null for exact metrics and fewer than 6 samples. */
  readonly ci95: readonly [number, number] | null;
}

/** Percentiles are null with too few observations for a 95% bound: p90 29, p95 59, p99 299, p99.9 2,995. */
export interface Distribution {
  readonly count: number;
  readonly percentiles: Readonly<Record<"p1" | "p10" | "p50" | "p90" | "p99" | "p99.9", number | null>>;
  /** [upper bound inclusive, count], rising. */
  readonly buckets: readonly (readonly [number, number])[];
  readonly omission: "service-time" | "scheduled-start";
}

export interface ThresholdRecord {
  readonly metric: MetricName;
  readonly where: Labels;
  readonly must: string;
  readonly because: string;
  /** null: could not be evaluated, which counts as a failure. */
  readonly ok: boolean | null;
  readonly got: number | null;
}

export interface Verification {
  readonly state: "verified" | "mismatch" | "not-verified";
  /** Reason code, such as ENV_NO_ROOT; null when verified. */
  readonly reason: string | null;
  readonly detail: string;
}

export interface Verdict {
  readonly status: "pass" | "warn" | "fail" | "inconclusive";
  /** One sentence that answers the scenario's question, with numbers. */
  readonly answer: string;
  readonly reasons: readonly string[];
  /** The command that repeats this run. */
  readonly reproduce: string;
}

export interface Warning {
  readonly code: string;
  readonly message: string;
  /** How to mend or silence it. */
  readonly hint: string;
}
