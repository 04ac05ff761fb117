// Scales workloads by what is measured: each autoscaler is looked at every 15 s. Reads the target's scale, has
// decideReplicas say how many there should be, writes the scale, then the status.
// Source: pkg/controller/podautoscaler/horizontal.go.
import { groupVersionOf, kindNamed } from "../../../api/kinds/kinds.js";
import { labelTest } from "../../../api/label-test.js";
import type { KubeObject } from "../../../api/meta.js";
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
import { writeStatus } from "../harness/write-status.js";
import type { MetricsSource } from "./metric-proposal.js";
import { decideReplicas } from "./replica-decision.js";
import { ScalingHistory } from "./scaling-limits.js";
import { type ScalingStatus, statusBefore, withScaling, writtenStatus } from "./scaling-status.js";

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
    try {
      await this.#look(autoscaler);
    } catch (error) {
      if (!(error instanceof ReportedFailure)) throw error;
    }
  }

  async #look(autoscaler: HorizontalPodAutoscaler): Promise<void> {
    const { kind, name } = autoscaler.spec?.scaleTargetRef ?? {};
    const target = this.#targetOf(autoscaler);
    if (target === null) return this.#cannotGetScale(autoscaler, `no matches for kind "${kind}"`);
    let scale: Scale;
    try {
      scale = (await target.get(name ?? "", "scale")) as Scale;
    } catch (error) {
      return this.#cannotGetScale(autoscaler, (error as Error).message);
    }
    await this.#rescale(autoscaler, target, scale);
  }

  #targetOf({ spec, metadata }: HorizontalPodAutoscaler): ResourceClient | null {
    const { apiVersion = "", kind = "" } = spec?.scaleTargetRef ?? {};
    const known = kindNamed(groupVersionOf(apiVersion)[0], kind);
    if (known === undefined) return null;
    const resource = resourceOf(known.group, known.storageVersion, known.plural);
    return clientOf(this.#context.client, resource, metadata.namespace ?? "");
  }

  async #cannotGetScale(autoscaler: HorizontalPodAutoscaler, why: string): Promise<void> {
    this.#context.events.record(autoscaler, "Warning", "FailedGetScale", why);
    const message = `the HPA controller was unable to get the target's current scale: ${why}`;
    const before = statusBefore(autoscaler);
    const conditions = this.#notAble(before.conditions, "FailedGetScale", message);
    await this.#write(autoscaler, { ...before, conditions }, autoscaler.status?.lastScaleTime);
  }

  async #rescale(autoscaler: HorizontalPodAutoscaler, target: ResourceClient, scale: Scale): Promise<void> {
    const { events, timers } = this.#context;
    const specReplicas = scale.spec?.replicas ?? 0;
    const nowMs = wallMs(timers);
    const found = "the HPA controller was able to get the target's current scale";
    const { status, reason, warnings } = await decideReplicas({
      autoscaler,
      specReplicas,
      statusReplicas: scale.status?.replicas ?? 0,
      pods: this.#selected(autoscaler, scale.status?.selector ?? ""),
      source: this.#source,
      conditions: this.#able(statusBefore(autoscaler).conditions, "SucceededGetScale", found),
      history: this.#historyOf(autoscaler, specReplicas, nowMs),
      nowMs,
    });
    for (const warning of warnings) events.record(autoscaler, "Warning", warning.reason, warning.message);
    const { lastScaleTime } = autoscaler.status ?? {};
    if (reason === null || status.desiredReplicas === specReplicas)
      return this.#write(autoscaler, status, lastScaleTime);
    await this.#carryOut(autoscaler, target, { ...status, reason });
    this.#historyOf(autoscaler, specReplicas, nowMs).scaled(specReplicas, status.desiredReplicas, nowMs);
    const done = `the HPA controller was able to update the target scale to ${status.desiredReplicas}`;
    const conditions = this.#able(status.conditions, "SucceededRescale", done);
    await this.#write(autoscaler, { ...status, conditions }, timeNow(timers));
  }

  /** @throws {ReportedFailure} when the target refuses */
  async #carryOut(
    autoscaler: HorizontalPodAutoscaler,
    target: ResourceClient,
    { reason, ...status }: ScalingStatus & { readonly reason: string },
  ): Promise<void> {
    const { events } = this.#context;
    const replicas = status.desiredReplicas;
    const { name = "" } = autoscaler.spec?.scaleTargetRef ?? {};
    try {
      await target.patch(name, "merge", { spec: { replicas } }, { subresource: "scale" });
    } catch (error) {
      const { message } = error as Error;
      const text = `New size: ${replicas}; reason: ${reason}; error: ${message}`;
      events.record(autoscaler, "Warning", "FailedRescale", text);
      const why = `the HPA controller was unable to update the target scale: ${message}`;
      const conditions = this.#notAble(status.conditions, "FailedUpdateScale", why);
      const unscaled = { ...status, desiredReplicas: status.currentReplicas, conditions };
      await this.#write(autoscaler, unscaled, autoscaler.status?.lastScaleTime);
      throw new ReportedFailure(message);
    }
    events.record(autoscaler, "Normal", "SuccessfulRescale", `New size: ${replicas}; reason: ${reason}`);
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

  /** @param selector as the scale tells it: "app=web,tier in (a,b)" */
  #selected({ metadata }: HorizontalPodAutoscaler, selector: string): readonly Pod[] {
    const test = labelTest(selector);
    if (test === null) return [];
    return this.#pods.lister.list(metadata.namespace ?? "").filter((pod) => test(pod.metadata.labels));
  }

  #able(conditions: readonly Condition[], reason: string, message: string): readonly Condition[] {
    const able = { type: "AbleToScale", status: "True", reason, message } as const;
    return withScaling(conditions, able, timeNow(this.#context.timers));
  }

  #notAble(conditions: readonly Condition[], reason: string, message: string): readonly Condition[] {
    const notAble = { type: "AbleToScale", status: "False", reason, message } as const;
    return withScaling(conditions, notAble, timeNow(this.#context.timers));
  }

  /** @throws {ReportedFailure} */
  async #write(
    autoscaler: HorizontalPodAutoscaler,
    status: ScalingStatus,
    lastScaleTime: string | undefined,
  ): Promise<void> {
    const { client, events } = this.#context;
    const written = writtenStatus(autoscaler, status, lastScaleTime);
    try {
      await writeStatus(client, HORIZONTAL_POD_AUTOSCALERS, autoscaler, written);
    } catch (error) {
      const { message } = error as Error;
      events.record(autoscaler, "Warning", "FailedUpdateStatus", message);
      throw new ReportedFailure(message);
    }
  }
}

/** An Event says it already: the next period tries again. */
class ReportedFailure extends Error {}
