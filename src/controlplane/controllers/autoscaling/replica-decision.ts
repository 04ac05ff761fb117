// How many replicas a workload is to have now: bounds first, then the metric that asks for most, then how fast the number
// may follow it. Reads measurements, writes nothing.
// Source: pkg/controller/podautoscaler/horizontal.go (reconcileAutoscaler, computeReplicasForMetrics).
import type { HorizontalPodAutoscaler } from "../../client/cluster-resources.js";
import type { Pod } from "../../client/object-types.js";
import type { Condition } from "../harness/conditions.js";
import { timeText } from "../harness/times.js";
import {
  FAILURE_REASONS,
  type MetricSpec,
  type MetricsSource,
  type Proposal,
  type ProposalContext,
  propose,
} from "./metric-proposal.js";
import { TOLERANCES } from "./replica-count.js";
import { type Behavior, limitReplicas, type ScalingHistory } from "./scaling-limits.js";
import { type ScalingCondition, type ScalingStatus, withScaling } from "./scaling-status.js";

export interface ScalingView {
  readonly autoscaler: HorizontalPodAutoscaler;
  /** Replicas that the target's spec asks for, and that its status says there are. */
  readonly specReplicas: number;
  readonly statusReplicas: number;
  /** That the target's selector means. */
  readonly pods: readonly Pod[];
  readonly source: MetricsSource;
  /** Of the status so far. */
  readonly conditions: readonly Condition[];
  readonly history: ScalingHistory;
  readonly nowMs: number;
}

export interface ScalingDecision {
  /** Its desiredReplicas is what the target is to have; undecided: what it was to have before. */
  readonly status: ScalingStatus;
  /** null: the target is left as it is, since metrics cannot tell. */
  readonly reason: string | null;
  /** Warnings to be reported, in order. */
  readonly warnings: readonly { readonly reason: string; readonly message: string }[];
}

/** Remembers in `history` what was recommended. */
export async function decideReplicas(view: ScalingView): Promise<ScalingDecision> {
  return boundsOnly(view) ?? followMetrics(view, await askMetrics(view));
}

/** Outside its bounds, or switched off, no metric is asked; null: they are. */
function boundsOnly(view: ScalingView): ScalingDecision | null {
  const { specReplicas: current, autoscaler } = view;
  const { minReplicas = 1, maxReplicas = 1 } = autoscaler.spec ?? {};
  const decided = (desiredReplicas: number, reason: string, conditions = view.conditions) => ({
    status: { currentReplicas: current, desiredReplicas, currentMetrics: [], conditions },
    reason,
    warnings: [],
  });
  if (current === 0 && minReplicas !== 0) return decided(0, "", withConditions(view, [DISABLED]));
  if (current > maxReplicas) return decided(maxReplicas, "Current number of replicas above Spec.MaxReplicas");
  if (current < minReplicas) return decided(minReplicas, "Current number of replicas below Spec.MinReplicas");
  return null;
}

const DISABLED: ScalingCondition = {
  type: "ScalingActive",
  status: "False",
  reason: "ScalingDisabled",
  message: "scaling is disabled since the replica count of the target is zero",
};

interface MetricAnswers {
  readonly proposals: readonly Proposal[];
  readonly failures: readonly { readonly type: string; readonly message: string }[];
}

/** One after the other, as upstream, so that the first failure is the first metric's. */
async function askMetrics(view: ScalingView): Promise<MetricAnswers> {
  const context: ProposalContext = {
    source: view.source,
    namespace: view.autoscaler.metadata.namespace ?? "",
    pods: view.pods,
    currentReplicas: view.specReplicas,
    statusReplicas: view.statusReplicas,
    tolerances: TOLERANCES,
    nowMs: view.nowMs,
  };
  const proposals: Proposal[] = [];
  const failures: { readonly type: string; readonly message: string }[] = [];
  for (const spec of metricSpecs(view)) {
    try {
      proposals.push(await propose(spec, context));
    } catch (error) {
      failures.push({ type: spec.type, message: (error as Error).message });
    }
  }
  return { proposals, failures };
}

function metricSpecs({ autoscaler }: ScalingView): readonly MetricSpec[] {
  return (autoscaler.spec?.metrics ?? []) as unknown as readonly MetricSpec[];
}

/** The metric that asks for most decides; those that fail keep it from going down. */
function followMetrics(view: ScalingView, answers: MetricAnswers): ScalingDecision {
  const { specReplicas: current, autoscaler, history, nowMs } = view;
  const best = answers.proposals.reduce<Proposal | null>(
    (most, each) => (most === null || each.replicas > most.replicas ? each : most),
    null,
  );
  if (best === null || (answers.failures.length > 0 && best.replicas < current))
    return cannotTell(view, answers);
  const { minReplicas = 1, maxReplicas = 1, behavior } = autoscaler.spec ?? {};
  const limits = limitReplicas(history, {
    current,
    desired: best.replicas,
    min: minReplicas,
    max: maxReplicas,
    behavior: behavior === undefined ? null : (behavior as Behavior),
    nowMs,
  });
  const found = `the HPA was able to successfully calculate a replica count from ${best.name}`;
  return {
    status: {
      currentReplicas: current,
      desiredReplicas: limits.replicas,
      currentMetrics: answers.proposals.map(({ status }) => status),
      conditions: withConditions(view, [
        { type: "ScalingActive", status: "True", reason: "ValidMetricFound", message: found },
        { type: "AbleToScale", status: "True", ...limits.able },
        { type: "ScalingLimited", ...limits.limited },
      ]),
    },
    reason: best.replicas > current ? `${best.name} above target` : "All metrics below target",
    warnings: [],
  };
}

function cannotTell(view: ScalingView, { proposals, failures }: MetricAnswers): ScalingDecision {
  const [first] = failures;
  const reason = FAILURE_REASONS[first?.type ?? ""] ?? "InvalidMetricSourceType";
  const why = first?.message ?? "no metrics";
  const specsCount = metricSpecs(view).length;
  const summary = `invalid metrics (${failures.length} invalid out of ${specsCount}), first error is: ${why}`;
  const message = `the HPA was unable to compute the replica count: ${why}`;
  return {
    status: {
      currentReplicas: view.specReplicas,
      desiredReplicas: view.autoscaler.status?.desiredReplicas ?? 0,
      currentMetrics: proposals.map(({ status }) => status),
      conditions: withConditions(view, [{ type: "ScalingActive", status: "False", reason, message }]),
    },
    reason: null,
    warnings: [
      { reason, message: why },
      { reason: "FailedComputeMetricsReplicas", message: summary },
    ],
  };
}

function withConditions(
  { conditions, nowMs }: ScalingView,
  found: readonly ScalingCondition[],
): readonly Condition[] {
  const now = timeText(nowMs);
  return found.reduce((all, condition) => withScaling(all, condition, now), conditions);
}
