// Scales workloads by what is measured: each autoscaler is looked at every 15 s.
// Source: pkg/controller/podautoscaler/horizontal.go.
import { groupVersionOf, kindNamed } from "../../../api/kinds/kinds.js";
import type { KubeObject } from "../../../api/meta.js";
import { matchesSelector } from "../../../api/selector.js";
import { wallMs } from "../../../base/timers.js";
import { HORIZONTAL_POD_AUTOSCALERS, type HorizontalPodAutoscaler } from "../../client/cluster-resources.js";
import type { ResourceClient } from "../../client/client.js";
import type { Informer } from "../../client/informer.js";
import { keyOf } from "../../client/object-store.js";
import type { Pod } from "../../client/object-types.js";
import { clientOf, PODS, resourceOf } from "../../client/resources.js";
import type { Condition } from "../harness/conditions.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import { timeNow } from "../harness/times.js";
import {
  FAILURE_REASONS,
  type MetricSpec,
  type MetricsSource,
  type Proposal,
  propose,
} from "./metric-proposal.js";
import { TOLERANCES } from "./replica-count.js";
import { type Behavior, limitReplicas, ScalingHistory } from "./scaling-limits.js";

const PERIOD_MS = 15_000;

export function horizontalPodAutoscalerController(source: MetricsSource): Controller {
  return {
    name: "horizontalpodautoscaling",
    component: "horizontal-pod-autoscaler",
    workersCount: 5,
    start(context) {
      const shell = new Autoscaler(source, context);
      return (key) => shell.reconcile(key);
    },
  };
}

/** autoscaling/v1. */
interface Scale extends KubeObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number; readonly selector?: string };
}

/** A status that is being put together. */
interface Draft {
  readonly currentReplicas: number;
  readonly desiredReplicas: number;
  readonly currentMetrics: readonly object[];
  readonly isRescaled: boolean;
  readonly conditions: readonly Condition[];
}

class Autoscaler {
  readonly #source: MetricsSource;
  readonly #context: ControllerContext;
  readonly #autoscalers: Informer<HorizontalPodAutoscaler>;
  readonly #pods: Informer<Pod>;
  readonly #histories = new Map<string, ScalingHistory>();

  constructor(source: MetricsSource, context: ControllerContext) {
    this.#source = source;
    this.#context = context;
    this.#autoscalers = context.informers.informer(HORIZONTAL_POD_AUTOSCALERS);
    this.#pods = context.informers.informer(PODS);
    this.#autoscalers.addHandler({
      onAdd: (autoscaler) => context.queue.add(keyOf(autoscaler)),
      onUpdate: (before, autoscaler) => {
        if (JSON.stringify(before.spec) !== JSON.stringify(autoscaler.spec))
          context.queue.add(keyOf(autoscaler));
      },
      onDelete: (autoscaler) => this.#histories.delete(keyOf(autoscaler)),
    });
  }

  async reconcile(key: string): Promise<void> {
    const autoscaler = this.#autoscalers.lister.get(key);
    if (autoscaler === undefined) return;
    this.#context.queue.addAfter(key, PERIOD_MS);
    const target = this.#targetOf(autoscaler);
    try {
      if (target === null) throw new Error(`no matches for kind "${autoscaler.spec?.scaleTargetRef.kind}"`);
      const scale = (await target.get(autoscaler.spec?.scaleTargetRef.name ?? "", "scale")) as Scale;
      await this.#rescale(autoscaler, target, scale);
    } catch (error) {
      if (!(error instanceof ScaleFailure)) await this.#cannotGetScale(autoscaler, error as Error);
    }
  }

  #targetOf({ spec, metadata }: HorizontalPodAutoscaler): ResourceClient | null {
    const { apiVersion = "", kind = "" } = spec?.scaleTargetRef ?? {};
    const known = kindNamed(groupVersionOf(apiVersion)[0], kind);
    if (known === undefined) return null;
    const resource = resourceOf(known.group, known.storageVersion, known.plural);
    return clientOf(this.#context.client, resource, metadata.namespace ?? "");
  }

  async #cannotGetScale(autoscaler: HorizontalPodAutoscaler, error: Error): Promise<void> {
    this.#context.events.record(autoscaler, "Warning", "FailedGetScale", error.message);
    const message = `the HPA controller was unable to get the target's current scale: ${error.message}`;
    const conditions = this.#with(
      conditionsOf(autoscaler),
      "AbleToScale",
      "False",
      "FailedGetScale",
      message,
    );
    const { status } = autoscaler;
    await this.#write(autoscaler, {
      currentReplicas: status?.currentReplicas ?? 0,
      desiredReplicas: status?.desiredReplicas ?? 0,
      currentMetrics: (status?.currentMetrics ?? []) as readonly object[],
      isRescaled: false,
      conditions,
    });
  }

  async #rescale(autoscaler: HorizontalPodAutoscaler, target: ResourceClient, scale: Scale): Promise<void> {
    const { events, timers } = this.#context;
    const current = scale.spec?.replicas ?? 0;
    const nowMs = wallMs(timers);
    const history = this.#historyOf(autoscaler, current, nowMs);
    const found = "the HPA controller was able to get the target's current scale";
    const conditions = this.#with(
      conditionsOf(autoscaler),
      "AbleToScale",
      "True",
      "SucceededGetScale",
      found,
    );
    const decision = await this.#decide(autoscaler, scale, { conditions, history, nowMs });
    if (decision === null) return;
    const { draft, reason } = decision;
    if (draft.desiredReplicas === current) return this.#write(autoscaler, draft);
    const { desiredReplicas } = draft;
    try {
      const patch = { spec: { replicas: desiredReplicas } };
      await target.patch(autoscaler.spec?.scaleTargetRef.name ?? "", "merge", patch, {
        subresource: "scale",
      });
    } catch (error) {
      const { message } = error as Error;
      const text = `New size: ${desiredReplicas}; reason: ${reason}; error: ${message}`;
      events.record(autoscaler, "Warning", "FailedRescale", text);
      const why = `the HPA controller was unable to update the target scale: ${message}`;
      const failed = this.#with(draft.conditions, "AbleToScale", "False", "FailedUpdateScale", why);
      await this.#write(autoscaler, { ...draft, desiredReplicas: current, conditions: failed });
      throw new ScaleFailure(message);
    }
    events.record(
      autoscaler,
      "Normal",
      "SuccessfulRescale",
      `New size: ${desiredReplicas}; reason: ${reason}`,
    );
    history.scaled(current, desiredReplicas, nowMs);
    const done = `the HPA controller was able to update the target scale to ${desiredReplicas}`;
    const rescaled = this.#with(draft.conditions, "AbleToScale", "True", "SucceededRescale", done);
    await this.#write(autoscaler, { ...draft, isRescaled: true, conditions: rescaled });
  }

  /** The number there was when it was first looked at counts as recommended. */
  #historyOf(autoscaler: HorizontalPodAutoscaler, current: number, nowMs: number): ScalingHistory {
    const key = keyOf(autoscaler);
    let history = this.#histories.get(key);
    if (history === undefined) {
      history = new ScalingHistory();
      history.recommend(current, nowMs);
      this.#histories.set(key, history);
    }
    return history;
  }

  /** @returns null when nothing can be told: that is written already */
  async #decide(
    autoscaler: HorizontalPodAutoscaler,
    scale: Scale,
    known: {
      readonly conditions: readonly Condition[];
      readonly history: ScalingHistory;
      readonly nowMs: number;
    },
  ): Promise<{ readonly draft: Draft; readonly reason: string } | null> {
    const current = scale.spec?.replicas ?? 0;
    const { minReplicas = 1, maxReplicas = 1, behavior } = autoscaler.spec ?? {};
    const simple = (desiredReplicas: number, conditions: readonly Condition[], reason: string) => ({
      draft: { currentReplicas: current, desiredReplicas, currentMetrics: [], isRescaled: false, conditions },
      reason,
    });
    if (current === 0 && minReplicas !== 0) {
      const message = "scaling is disabled since the replica count of the target is zero";
      return simple(
        0,
        this.#with(known.conditions, "ScalingActive", "False", "ScalingDisabled", message),
        "",
      );
    }
    if (current > maxReplicas)
      return simple(maxReplicas, known.conditions, "Current number of replicas above Spec.MaxReplicas");
    if (current < minReplicas)
      return simple(minReplicas, known.conditions, "Current number of replicas below Spec.MinReplicas");
    const asked = await this.#ask(autoscaler, scale, known);
    if (asked === null) return null;
    const { best, conditions, currentMetrics } = asked;
    const limited = limitReplicas(known.history, {
      current,
      desired: best.replicas,
      min: minReplicas,
      max: maxReplicas,
      behavior: behavior === undefined ? null : (behavior as Behavior),
      nowMs: known.nowMs,
    });
    const able = this.#with(conditions, "AbleToScale", "True", limited.able.reason, limited.able.message);
    const { status, reason, message } = limited.limited;
    const draft = {
      currentReplicas: current,
      desiredReplicas: limited.replicas,
      currentMetrics,
      isRescaled: false,
      conditions: this.#with(able, "ScalingLimited", status, reason, message),
    };
    return {
      draft,
      reason: best.replicas > current ? `${best.name} above target` : "All metrics below target",
    };
  }

  /** The metric that asks for most decides; those that fail keep it from going down. */
  async #ask(
    autoscaler: HorizontalPodAutoscaler,
    scale: Scale,
    known: { readonly conditions: readonly Condition[]; readonly nowMs: number },
  ): Promise<{
    readonly best: Proposal;
    readonly conditions: readonly Condition[];
    readonly currentMetrics: readonly object[];
  } | null> {
    const current = scale.spec?.replicas ?? 0;
    const specs = (autoscaler.spec?.metrics ?? []) as unknown as readonly MetricSpec[];
    const proposals: Proposal[] = [];
    const failures: { readonly type: string; readonly message: string }[] = [];
    const pods = this.#selected(autoscaler, scale.status?.selector ?? "");
    for (const spec of specs) {
      try {
        const context = {
          source: this.#source,
          namespace: autoscaler.metadata.namespace ?? "",
          pods,
          currentReplicas: current,
          statusReplicas: scale.status?.replicas ?? 0,
          tolerances: TOLERANCES,
          nowMs: known.nowMs,
        };
        proposals.push(await propose(spec, context));
      } catch (error) {
        failures.push({ type: spec.type, message: (error as Error).message });
      }
    }
    const currentMetrics = proposals.map(({ status }) => status);
    const best = proposals.reduce<Proposal | null>(
      (most, each) => (most === null || each.replicas > most.replicas ? each : most),
      null,
    );
    const [failure] = failures;
    if (best === null || (failure !== undefined && best.replicas < current)) {
      await this.#cannotTell(autoscaler, current, known.conditions, {
        failures,
        specsCount: specs.length,
        currentMetrics,
      });
      return null;
    }
    const message = `the HPA was able to successfully calculate a replica count from ${best.name}`;
    const conditions = this.#with(known.conditions, "ScalingActive", "True", "ValidMetricFound", message);
    return { best, conditions, currentMetrics };
  }

  async #cannotTell(
    autoscaler: HorizontalPodAutoscaler,
    current: number,
    conditions: readonly Condition[],
    asked: {
      readonly failures: readonly { readonly type: string; readonly message: string }[];
      readonly specsCount: number;
      readonly currentMetrics: readonly object[];
    },
  ): Promise<void> {
    const { events } = this.#context;
    const [first] = asked.failures;
    const reason = FAILURE_REASONS[first?.type ?? ""] ?? "InvalidMetricSourceType";
    const why = first?.message ?? "no metrics";
    events.record(autoscaler, "Warning", reason, why);
    const summary = `invalid metrics (${asked.failures.length} invalid out of ${asked.specsCount}), first error is: ${why}`;
    events.record(autoscaler, "Warning", "FailedComputeMetricsReplicas", summary);
    const message = `the HPA was unable to compute the replica count: ${why}`;
    await this.#write(autoscaler, {
      currentReplicas: current,
      desiredReplicas: autoscaler.status?.desiredReplicas ?? 0,
      currentMetrics: asked.currentMetrics,
      isRescaled: false,
      conditions: this.#with(conditions, "ScalingActive", "False", reason, message),
    });
  }

  /** The scale tells its selector as text: "app=web,tier in (a,b)"; equalities are enough for what has a scale here. */
  #selected({ metadata }: HorizontalPodAutoscaler, text: string): readonly Pod[] {
    if (text === "") return [];
    const pairs = text.split(",").map((each) => each.split("="));
    const matchLabels = Object.fromEntries(pairs.map((pair) => [pair[0] ?? "", pair[pair.length - 1] ?? ""]));
    return this.#pods.lister
      .list(metadata.namespace ?? "")
      .filter((pod) => matchesSelector(pod.metadata.labels, { matchLabels }));
  }

  #with(
    conditions: readonly Condition[],
    type: string,
    status: "True" | "False",
    reason: string,
    message: string,
  ): readonly Condition[] {
    const before = conditions.find((condition) => condition.type === type);
    const now = timeNow(this.#context.timers);
    const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? now) : now;
    const condition = { type, status, reason, message, lastTransitionTime };
    if (before === undefined) return [...conditions, condition];
    return conditions.map((each) => (each === before ? condition : each));
  }

  async #write(autoscaler: HorizontalPodAutoscaler, draft: Draft): Promise<void> {
    const { isRescaled, currentMetrics, ...rest } = draft;
    const { generation } = autoscaler.metadata;
    const lastScaleTime = isRescaled ? timeNow(this.#context.timers) : autoscaler.status?.lastScaleTime;
    const status = {
      ...rest,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      ...(currentMetrics.length === 0 ? {} : { currentMetrics }),
      ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    };
    if (isSame(autoscaler.status ?? {}, status)) return;
    const { namespace = "" } = autoscaler.metadata;
    try {
      const ofNamespace = clientOf(this.#context.client, HORIZONTAL_POD_AUTOSCALERS, namespace);
      await ofNamespace.updateStatus({ ...autoscaler, status });
    } catch (error) {
      this.#context.events.record(autoscaler, "Warning", "FailedUpdateStatus", (error as Error).message);
      throw new ScaleFailure((error as Error).message);
    }
  }
}

/** Told already. */
class ScaleFailure extends Error {}

function conditionsOf({ status }: HorizontalPodAutoscaler): readonly Condition[] {
  return (status?.conditions ?? []) as readonly Condition[];
}

function isSame(before: object, after: object): boolean {
  const text = (value: object): string =>
    JSON.stringify(value, (_, field: unknown) =>
      typeof field === "object" && field !== null && !Array.isArray(field)
        ? Object.fromEntries(Object.entries(field).sort(([left], [right]) => (left < right ? -1 : 1)))
        : field,
    );
  return text(before) === text(after);
}
