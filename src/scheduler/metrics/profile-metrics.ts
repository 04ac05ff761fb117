// What the scheduling and binding cycles of one profile count. Children are made when first needed, so a snapshot names
// only what happened, and are found again by their labels one by one: no string is built per observation.
import type { Code, Status } from "../framework/status.js";
import { LazyMap } from "../../base/metrics/lazy-map.js";
import type { SchedulerMetrics } from "./scheduler-metrics.js";

/** As the label "extension_point". */
export type MeasuredPoint =
  | "PreEnqueue"
  | "PreFilter"
  | "PreFilterExtensionAddPod"
  | "PreFilterExtensionRemovePod"
  | "Filter"
  | "PostFilter"
  | "PreScore"
  | "Score"
  | "ScoreExtensionNormalize"
  | "Reserve"
  | "Unreserve"
  | "Permit"
  | "PreBind"
  | "Bind"
  | "PostBind";

/** Where plugin_evaluation_total counts. */
export type EvaluatedPoint = Extract<MeasuredPoint, "PreFilter" | "Filter" | "PreScore" | "Score">;

/** As the label "result" of an attempt. */
export type AttemptResult = "scheduled" | "unschedulable" | "error";

/** From here on, attempts are not told apart: every one would be another series. */
const ATTEMPTS_LABEL_MAX = 15;

export class ProfileMetrics {
  readonly #attempts;
  readonly #points;
  readonly #plugins;
  readonly #evaluations;
  readonly #unschedulable;
  readonly #permitWaits;
  readonly #scheduledAfter;
  readonly #attemptCounts;

  constructor(metrics: SchedulerMetrics, profile: string) {
    const attempts = metrics.counter("schedule_attempts_total");
    const attemptTimes = metrics.histogram("scheduling_attempt_duration_seconds");
    this.#attempts = new LazyMap((result: AttemptResult) => ({
      total: attempts.with(result, profile),
      times: attemptTimes.with(result, profile),
    }));
    const pointTimes = metrics.histogram("framework_extension_point_duration_seconds");
    this.#points = new LazyMap(
      (point: MeasuredPoint) => new LazyMap((status: StatusLabel) => pointTimes.with(point, status, profile)),
    );
    const pluginTimes = metrics.histogram("plugin_execution_duration_seconds");
    this.#plugins = new LazyMap(
      (plugin: string) =>
        new LazyMap(
          (point: MeasuredPoint) =>
            new LazyMap((status: StatusLabel) => pluginTimes.with(plugin, point, status)),
        ),
    );
    const evaluations = metrics.counter("plugin_evaluation_total");
    this.#evaluations = new LazyMap(
      (plugin: string) => new LazyMap((point: EvaluatedPoint) => evaluations.with(plugin, point, profile)),
    );
    const unschedulable = metrics.gauge("unschedulable_pods");
    this.#unschedulable = new LazyMap((plugin: string) => unschedulable.with(plugin, profile));
    const permitWaits = metrics.histogram("permit_wait_duration_seconds");
    this.#permitWaits = new LazyMap((status: StatusLabel) => permitWaits.with(status));
    const scheduledAfter = metrics.histogram("pod_scheduling_sli_duration_seconds");
    this.#scheduledAfter = new LazyMap((count: number) => scheduledAfter.with(attemptsLabel(count)));
    this.#attemptCounts = metrics.histogram("pod_scheduling_attempts").with();
  }

  /** An attempt has ended. */
  attempt(result: AttemptResult, seconds: number): void {
    const { total, times } = this.#attempts.get(result);
    total.add();
    times.observe(seconds);
  }

  /** All plugins of a point have run; null is success. Of Filter: for all nodes together. */
  extensionPoint(point: MeasuredPoint, status: Status | null, seconds: number): void {
    this.#points.get(point).get(statusLabel(status)).observe(seconds);
  }

  /** One plugin has run, in an attempt that is sampled. Profiles share these series. */
  plugin(plugin: string, point: MeasuredPoint, status: Status | null, seconds: number): void {
    this.#plugins.get(plugin).get(point).get(statusLabel(status)).observe(seconds);
  }

  /** A plugin had a say in `count` attempts. */
  evaluations(plugin: string, point: EvaluatedPoint, count: number): void {
    this.#evaluations.get(plugin).get(point).add(count);
  }

  /** So many Pods wait now that each plugin turned down; plugins that are not named have none any more. */
  unschedulable(counts: ReadonlyMap<string, number>): void {
    for (const gauge of this.#unschedulable.values()) gauge.set(0);
    for (const [plugin, count] of counts) this.#unschedulable.get(plugin).set(count);
  }

  /** A Pod has ended waiting for its permit. */
  permitWait(status: Status | null, seconds: number): void {
    this.#permitWaits.get(statusLabel(status)).observe(seconds);
  }

  /** A Pod is bound, so many attempts and seconds after its first attempt began. */
  scheduled(attempts: number, seconds: number): void {
    this.#attemptCounts.observe(attempts);
    this.#scheduledAfter.get(Math.min(attempts, ATTEMPTS_LABEL_MAX)).observe(seconds);
  }
}

type StatusLabel = Code | "Success";

function statusLabel(status: Status | null): StatusLabel {
  return status === null ? "Success" : status.code;
}

function attemptsLabel(count: number): string {
  return count < ATTEMPTS_LABEL_MAX ? `${count}` : `${ATTEMPTS_LABEL_MAX}+`;
}
