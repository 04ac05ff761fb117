// One Pod after another: take it from the queue, decide, promise it to its node and send it off to be bound; or say why
// not, see whether preemption helps, and put it back.
// Source: kube-scheduler schedule_one.go (ScheduleOne, schedulingCycle, handleSchedulingFailure).
import type { Attempt } from "./attempt.js";
import type { Binding, Bindings } from "./bindings.js";
import { type PodInfo, placedOn } from "./cache/pod-info.js";
import type { SchedulerCache } from "./cache/scheduler-cache.js";
import type { ClusterState } from "./cluster-state.js";
import type { Stopwatch } from "./cycle/cycle-recorder.js";
import type { Diagnosis } from "./cycle/diagnosis.js";
import { fitErrorMessage } from "./cycle/fit-error.js";
import { PodCycle } from "./cycle/pod-cycle.js";
import type { Algorithm, Decision } from "./cycle/schedule-pod.js";
import type { ExtenderReply, ExtenderRequest } from "./extender/extender.js";
import type { Action } from "./framework/action.js";
import { EVENTS } from "./framework/cluster-event.js";
import type { QueuedPod } from "./framework/queued-pod.js";
import { failure, isRejected, type Status } from "./framework/status.js";
import type { Histogram } from "../base/metrics/histogram.js";
import type { SchedulerMetrics } from "./metrics/scheduler-metrics.js";
import type { PreemptionGate } from "./preemption-gate.js";
import type { ProfileRuntime } from "./profiles.js";
import type { SchedulingQueue } from "./queue/scheduling-queue.js";

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
const NOBODY: ReadonlySet<string> = new Set();

/** Why an attempt failed. */
interface Refusal {
  readonly result: "unschedulable" | "error";
  readonly message: string;
  readonly plugins: ReadonlySet<string>;
  readonly pendingPlugins: ReadonlySet<string>;
  /** From preemption: a node, "" to clear an earlier one, null to leave things as they are. */
  readonly nominatedNodeName: string | null;
}

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
    return decision.kind === "unschedulable"
      ? yield* this.#postFilter(work, decision)
      : this.#carryOut(work, decision);
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
  }

  bindFailed(uid: string, why: string, nowMs: number): void {
    const binding = this.#parts.bindings.end(uid);
    if (binding !== undefined) this.#undo(binding, failure("", why), nowMs);
  }

  advanceBindings(nowMs: number): void {
    const { bindings } = this.#parts;
    for (const { binding, status } of bindings.advance(nowMs)) {
      bindings.end(binding.pod.uid);
      this.#undo(binding, status, nowMs);
    }
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
    const { cache, queue, bindings } = this.#parts;
    const { queued, cycle, profile, begunMs, nowMs } = work;
    const { pod } = queued;
    cache.assume(pod, node.name);
    queue.nominator.delete(pod.uid);
    const refused = this.#reserve(cycle, node.name) ?? this.#permit(cycle, node.name);
    const { framework } = profile;
    const binding: Binding = {
      queued,
      pod,
      nodeName: node.name,
      framework,
      state: cycle.state,
      begunMs,
      works: [],
      deadlineMs: Number.POSITIVE_INFINITY,
    };
    if (refused !== null) {
      this.#takeBack(binding);
      return this.#refuse(work, refusalOf(refused), seen);
    }
    queue.done(pod.uid);
    const failed = bindings.begin(binding, nowMs);
    if (failed !== null) {
      this.#undoPromise(binding, nowMs);
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

  /** No plugin that comes with the scheduler makes Pods wait here: Wait counts as a rejection. */
  #permit({ framework, state, pod }: PodCycle, nodeName: string): Status | null {
    for (const plugin of framework.permit) {
      const { status } = plugin.permit(state, pod, nodeName);
      if (status !== null) return { ...status, plugin: plugin.name };
    }
    return null;
  }

  /** A Pod that was promised to a node does not go there after all. */
  #undo(binding: Binding, status: Status, nowMs: number): void {
    const profile = this.#parts.cluster.profileOf(binding.pod);
    this.#undoPromise(binding, nowMs);
    if (profile === undefined) return;
    this.#giveBack(binding.queued, profile, refusalOf(status), binding.begunMs, nowMs);
  }

  /** False when the Pod has come to its node, or is gone, meanwhile. */
  #takeBack({ framework, state, pod, nodeName }: Binding): boolean {
    for (const plugin of [...framework.reserve].reverse()) plugin.unreserve(state, pod, nodeName);
    return this.#parts.cache.forget(pod.uid);
  }

  /** Others may have counted with the Pod being there: for them it is as good as deleted. */
  #undoPromise(binding: Binding, nowMs: number): void {
    const { pod, nodeName } = binding;
    if (!this.#takeBack(binding)) return;
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

interface Seen {
  readonly evaluatedNodes: number;
  readonly feasibleNodes: number;
}

/** No node takes the Pod as things are. `messages`: what PostFilter plugins say, of interest when they do not help. */
function misfit(
  { nodes }: PodCycle,
  { preFilterMessage, reasons, plugins, pendingPlugins }: Diagnosis,
  { nominatedNodeName, messages }: { nominatedNodeName: string | null; messages: readonly string[] },
): Refusal {
  const isPreempting = nominatedNodeName !== null && nominatedNodeName !== "";
  const postFilterMessage = isPreempting ? "" : messages.join(", ");
  const message = fitErrorMessage(nodes.length, reasons, { preFilterMessage, postFilterMessage });
  return { result: "unschedulable", message, plugins, pendingPlugins, nominatedNodeName };
}

function refusalOf(status: Status): Refusal {
  const message = status.reasons.join(", ");
  const isRejection = isRejected(status);
  const plugins = isRejection && status.plugin !== "" ? new Set([status.plugin]) : NOBODY;
  return {
    result: isRejection ? "unschedulable" : "error",
    message,
    plugins,
    pendingPlugins: status.code === "Pending" ? plugins : NOBODY,
    // What broke may have been on the nominated node: the Pod looks everywhere again.
    nominatedNodeName: "",
  };
}

function identityOf({ pod, namespace, uid }: PodInfo) {
  return { namespace, name: pod.metadata.name, uid };
}

function truncated(message: string): string {
  return message.length <= MESSAGE_LENGTH_MAX ? message : `${message.slice(0, MESSAGE_LENGTH_MAX - 4)} ...`;
}
