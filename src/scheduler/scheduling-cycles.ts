// One Pod after another: take it from the queue, decide, promise it to its node and send it off to be bound; or say why
// not, see whether preemption helps, and put it back.
// Source: kube-scheduler schedule_one.go (ScheduleOne, schedulingCycle, handleSchedulingFailure).
import type { Attempt } from "./attempt.js";
import type { Binding, Bindings, EndedWait } from "./bindings.js";
import { type PodInfo, placedOn } from "./cache/pod-info.js";
import type { SchedulerCache } from "./cache/scheduler-cache.js";
import type { ClusterState } from "./cluster-state.js";
import type { Stopwatch } from "./cycle/cycle-recorder.js";
import { PodCycle } from "./cycle/pod-cycle.js";
import type { Algorithm, Decision } from "./cycle/schedule-pod.js";
import type { ExtenderReply, ExtenderRequest } from "./extender/extender.js";
import type { Action } from "./framework/action.js";
import { EVENTS } from "./framework/cluster-event.js";
import type { QueuedPod } from "./framework/queued-pod.js";
import { failure, isRejected, type Status } from "./framework/status.js";
import type { Histogram } from "../base/metrics/histogram.js";
import type { SchedulerMetrics } from "./metrics/scheduler-metrics.js";
import { type PermitHold, runPermit } from "./permit.js";
import type { PreemptionGate } from "./preemption-gate.js";
import type { ProfileRuntime } from "./profiles.js";
import type { SchedulingQueue } from "./queue/scheduling-queue.js";
import { misfit, type Refusal, refusalOf, refusalOfNode } from "./refusal.js";

export interface CycleParts {
  readonly cache: SchedulerCache;
  readonly queue: SchedulingQueue;
  readonly bindings: Bindings;
  readonly gate: PreemptionGate;
  readonly cluster: ClusterState;
  readonly algorithm: Algorithm;
  readonly act: (action: Action) => void;
  readonly stopwatch: Stopwatch;
  readonly metrics: SchedulerMetrics;
}

/** Longest message of an event, as the API server takes it. */
const MESSAGE_LENGTH_MAX = 1024;

export class SchedulingCycles {
  readonly #parts: CycleParts;

  readonly #algorithmTimes: Histogram;

  constructor(parts: CycleParts) {
    this.#parts = parts;
    this.#algorithmTimes = parts.metrics.histogram("scheduling_algorithm_duration_seconds").with();
  }

  *attempt(nowMs: number): Generator<ExtenderRequest, Attempt | null, ExtenderReply> {
    const { queue, cache, cluster, algorithm, stopwatch } = this.#parts;
    const queued = queue.pop();
    if (queued === null) return null;
    const begunMs = stopwatch();
    const { pod } = queued;
    const profile = cluster.profileOf(pod);
    if (profile === undefined || pod.isTerminating || cache.pod(pod.uid) !== undefined) {
      queue.done(pod.uid);
      return { result: "skipped", ...this.#tried(queued, begunMs, { evaluatedNodes: 0, feasibleNodes: 0 }) };
    }
    profile.recorder.beginCycle();
    const cycle = new PodCycle(pod, profile.framework, cache);
    const decision = yield* algorithm.decide(cycle, profile.recorder);
    this.#algorithmTimes.observe((stopwatch() - begunMs) / 1000);
    const work = { queued, cycle, profile, begunMs, nowMs };
    const attempt =
      decision.kind === "unschedulable"
        ? yield* this.#postFilter(work, decision)
        : this.#carryOut(work, decision);
    this.endWaits(nowMs);
    return attempt;
  }

  /** Carries out what was decided about Pods that wait in Permit or PreBind; that may bring on other decisions. */
  endWaits(nowMs: number): void {
    const { bindings } = this.#parts;
    while (bindings.hasEnded) this.#endWait(bindings.takeEnded(), nowMs);
  }

  /** The API server has taken the binding. */
  bound(uid: string, nowMs: number): void {
    const { bindings, act, stopwatch, cluster } = this.#parts;
    const binding = bindings.end(uid);
    if (binding === undefined) return;
    const { pod, nodeName, queued, framework, state } = binding;
    const profile = cluster.profileOf(pod);
    profile?.metrics.attempt("scheduled", (stopwatch() - binding.begunMs) / 1000);
    profile?.metrics.scheduled(queued.attempts, (nowMs - (queued.initialAttemptMs ?? nowMs)) / 1000);
    if (queued.wasFlushed) this.#parts.metrics.counter("pod_scheduled_after_flush_total").with().add();
    for (const plugin of framework.postBind) plugin.postBind(state, pod, nodeName);
    act({
      kind: "event",
      type: "Normal",
      reason: "Scheduled",
      ...identityOf(pod),
      action: "Binding",
      message: `Successfully assigned ${pod.key} to ${nodeName}`,
    });
    this.endWaits(nowMs);
  }

  bindFailed(uid: string, why: string, nowMs: number): void {
    const binding = this.#parts.bindings.end(uid);
    if (binding !== undefined) this.#undo(binding, refusalOf(failure("", why)), nowMs);
    this.endWaits(nowMs);
  }

  advanceBindings(nowMs: number): void {
    const { bindings } = this.#parts;
    bindings.waitingPods.expire(nowMs);
    this.endWaits(nowMs);
    for (const { binding, status } of bindings.advance(nowMs)) {
      bindings.end(binding.pod.uid);
      this.#undo(binding, refusalOf(status), nowMs);
    }
    this.endWaits(nowMs);
  }

  #carryOut(work: Work, decision: Exclude<Decision, { kind: "unschedulable" }>): Attempt {
    switch (decision.kind) {
      case "node":
        return this.#place(work, decision);
      case "error":
        return this.#refuse(work, refusalOf(decision.status), { evaluatedNodes: 0, feasibleNodes: 0 });
    }
  }

  #place(work: Work, { node, ...seen }: Decision & { kind: "node" }): Attempt {
    const { cache, queue } = this.#parts;
    const { queued, cycle, profile, begunMs, nowMs } = work;
    const { pod } = queued;
    cache.assume(pod, node.name);
    queue.nominator.delete(pod.uid);
    const said = this.#reserve(cycle, node.name) ?? runPermit(cycle, node.name, profile.recorder);
    const binding = newBinding(work, node.name);
    if (said !== null && "code" in said) {
      this.#takeBack(binding);
      return this.#refuse(work, refusalOfNode(said), seen);
    }
    const failed = said === null ? this.#begin(binding, nowMs) : this.#wait(binding, said, nowMs);
    if (failed !== null) {
      if (this.#takeBack(binding)) this.#tellOthers(binding, nowMs);
      return this.#refuse(work, refusalOf(failed), seen);
    }
    return { result: "scheduled", nodeName: node.name, ...this.#tried(queued, begunMs, seen) };
  }

  #reserve({ framework, state, pod }: PodCycle, nodeName: string): Status | null {
    for (const plugin of framework.reserve) {
      const status = plugin.reserve(state, pod, nodeName);
      if (status !== null) return { ...status, plugin: plugin.name };
    }
    return null;
  }

  /** From here on nobody can turn the Pod down, only something break: events need not be kept for it any more. */
  #begin(binding: Binding, nowMs: number): Status | null {
    const { queue, bindings } = this.#parts;
    queue.done(binding.pod.uid);
    return bindings.begin(binding, nowMs);
  }

  /** The Pod stays in flight: if it is turned down after all, events that came meanwhile count for it. */
  #wait(binding: Binding, { timeouts }: PermitHold, nowMs: number): null {
    const { bindings, act } = this.#parts;
    const { pod, nodeName } = binding;
    bindings.wait(binding, timeouts, nowMs);
    // Others, such as an autoscaler, are to know that the room is taken.
    act({ kind: "updateStatus", ...identityOf(pod), nominatedNodeName: nodeName });
    return null;
  }

  #endWait({ binding, status, permitSinceMs }: EndedWait, nowMs: number): void {
    const { bindings, cluster } = this.#parts;
    const { pod } = binding;
    if (permitSinceMs !== null)
      cluster.profileOf(pod)?.metrics.permitWait(status, (nowMs - permitSinceMs) / 1000);
    bindings.end(pod.uid);
    if (status !== null) {
      this.#undo(binding, refusalOfNode(status), nowMs);
      return;
    }
    const failed = this.#begin(binding, nowMs);
    if (failed !== null) this.#undo(binding, refusalOf(failed), nowMs);
  }

  /** A Pod that was promised to a node does not go there after all. */
  #undo(binding: Binding, refusal: Refusal, nowMs: number): void {
    const { pod, queued, begunMs } = binding;
    const profile = this.#parts.cluster.profileOf(pod);
    const isTurnedDown = refusal.result === "unschedulable";
    const hasLeft = this.#takeBack(binding);
    if (hasLeft && !isTurnedDown) this.#tellOthers(binding, nowMs);
    if (profile !== undefined) this.#giveBack(queued, profile, refusal, begunMs, nowMs);
    // Not before: events count for a Pod in flight, and its own leaving must not bring it back.
    if (hasLeft && isTurnedDown) this.#tellOthers(binding, nowMs);
  }

  /** False when the Pod has come to its node, or is gone, meanwhile. */
  #takeBack({ framework, state, pod, nodeName }: Binding): boolean {
    for (const plugin of [...framework.reserve].reverse()) plugin.unreserve(state, pod, nodeName);
    return this.#parts.cache.forget(pod.uid);
  }

  /** They may have counted with the Pod being on its node: for them it is as good as deleted. */
  #tellOthers({ pod, nodeName }: Binding, nowMs: number): void {
    this.#parts.queue.moveAll(
      EVENTS.AssignedPodDelete,
      { before: placedOn(pod, nodeName), after: null },
      nowMs,
      ({ uid }) => uid !== pod.uid,
    );
  }

  *#postFilter(
    work: Work,
    { diagnosis, evaluatedNodes }: Decision & { kind: "unschedulable" },
  ): Generator<ExtenderRequest, Attempt, ExtenderReply> {
    const { cache } = this.#parts;
    const { cycle, profile } = work;
    const { framework } = profile;
    const messages: string[] = [];
    let nominatedNodeName: string | null = null;
    const begun = profile.recorder.pointBegins();
    // Dry runs need the object forms' state, which is dear; without a less important Pod there is none to make.
    const state = cache.hasPodsBelow(cycle.pod.priority) ? cycle.objectState() : cycle.state;
    for (const plugin of framework.postFilter) {
      const outcome = yield* plugin.postFilter(state, cycle.pod, diagnosis.statuses());
      nominatedNodeName = outcome.nominatedNodeName;
      this.#preempt(outcome.actions, () => plugin.deletionsSent?.(cycle.pod.uid));
      if (outcome.status === null) break;
      messages.push(...outcome.status.reasons);
      if (!isRejected(outcome.status)) break;
    }
    if (framework.postFilter.length > 0) profile.recorder.pointEnds("PostFilter", begun);
    const refusal = misfit(cycle, diagnosis, { nominatedNodeName, messages });
    return this.#refuse(work, refusal, { evaluatedNodes, feasibleNodes: 0 });
  }

  #preempt(actions: readonly Action[], lift: () => void): void {
    const { gate, act, metrics, queue } = this.#parts;
    const victims = actions.filter(({ kind }) => kind === "deletePod").length;
    if (actions.length === 0) return;
    metrics.counter("preemption_attempts_total").with().add();
    metrics.histogram("preemption_victims").with().observe(victims);
    if (victims > 0) gate.close(actions, lift);
    for (const action of actions) {
      // Promises to less important Pods end here and now, not when the API has heard of it.
      if (action.kind === "updateStatus" && action.nominatedNodeName === "")
        queue.nominator.delete(action.uid);
      act(action);
    }
  }

  #refuse(work: Work, refusal: Refusal, seen: Seen): Attempt {
    const { queued, profile, begunMs, nowMs } = work;
    const tried = this.#tried(queued, begunMs, seen);
    this.#giveBack(queued, profile, refusal, begunMs, nowMs);
    const { result, message, nominatedNodeName } = refusal;
    return { result, message, nominatedNodeName, ...tried };
  }

  /** The Pod goes back into the queue, if it still wants a node, and the world is told why. */
  #giveBack(
    queued: QueuedPod,
    profile: ProfileRuntime,
    refusal: Refusal,
    begunMs: number,
    nowMs: number,
  ): void {
    const { queue, cluster, act, stopwatch } = this.#parts;
    profile.metrics.attempt(refusal.result, (stopwatch() - begunMs) / 1000);
    const { uid } = queued.pod;
    const current = cluster.pending(uid);
    if (current === undefined) {
      queue.done(uid);
      return;
    }
    queued.pod = current;
    queued.unschedulablePlugins = refusal.plugins;
    queued.pendingPlugins = refusal.pendingPlugins;
    queue.addUnschedulableIfNotPresent(queued, nowMs);
    const nodeName = refusal.nominatedNodeName;
    queue.nominator.add(current, nodeName === null ? { mode: "keep" } : { mode: "override", nodeName });
    this.#tell(current, refusal, act);
  }

  #tell(pod: PodInfo, { result, message, nominatedNodeName }: Refusal, act: (action: Action) => void): void {
    act({
      kind: "event",
      type: "Warning",
      reason: "FailedScheduling",
      ...identityOf(pod),
      action: "Scheduling",
      message: truncated(message),
    });
    const reason = result === "unschedulable" ? "Unschedulable" : "SchedulerError";
    act({
      kind: "updateStatus",
      ...identityOf(pod),
      condition: { type: "PodScheduled", status: "False", reason, message },
      ...(nominatedNodeName === null ? {} : { nominatedNodeName }),
    });
  }

  #tried(
    { pod, attempts }: QueuedPod,
    begunMs: number,
    seen: Seen,
  ): Seen & Pick<Attempt, "pod" | "attempts" | "cycleMs"> {
    const { evaluatedNodes, feasibleNodes } = seen;
    return { pod, attempts, evaluatedNodes, feasibleNodes, cycleMs: this.#parts.stopwatch() - begunMs };
  }
}

/** One attempt under way. */
interface Work {
  readonly queued: QueuedPod;
  readonly cycle: PodCycle;
  readonly profile: ProfileRuntime;
  readonly begunMs: number;
  readonly nowMs: number;
}

function newBinding({ queued, cycle, begunMs }: Work, nodeName: string): Binding {
  const { pod, framework, state } = cycle;
  const deadlineMs = Number.POSITIVE_INFINITY;
  return { queued, pod, nodeName, framework, state, begunMs, works: [], deadlineMs };
}

interface Seen {
  readonly evaluatedNodes: number;
  readonly feasibleNodes: number;
}

function identityOf({ pod, namespace, uid }: PodInfo) {
  return { namespace, name: pod.metadata.name, uid };
}

function truncated(message: string): string {
  return message.length <= MESSAGE_LENGTH_MAX ? message : `${message.slice(0, MESSAGE_LENGTH_MAX - 4)} ...`;
}
