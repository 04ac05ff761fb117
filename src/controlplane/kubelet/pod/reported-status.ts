// What a Pod's status says now. It is made of what runs only when somebody reads it: between two writes a Pod may change
// many times, and what says nothing new stays the same object, so that writers compare by identity.
// Source: kubernetes pkg/kubelet/kubelet_pods.go generateAPIPodStatus, convertStatusToAPIStatus.
import { jsonEquals } from "../../../api/patch/json-tree.js";
import { assert } from "../../../base/assert.js";
import type { PodProbes } from "../probes/pod-probes.js";
import type { ContainerView, WaitingReason } from "./container-statuses.js";
import type { PodContext } from "./pod-context.js";
import { type Container, isSidecar, isTerminalPhase, type Pod, type PodStatus } from "./pod.js";
import { podStatus, type Verdict } from "./pod-status.js";

/** A Pod on its node, with what only its status asks for. */
export interface StatusSubject extends PodContext {
  readonly probes: PodProbes | null;
  /** ms since 1970 */
  readonly startedAtMs: number;
  readonly isFinished: boolean;
  readonly verdict: Verdict | null;
  /** Why this container does not run yet; null: nothing is in its way. */
  waitingReason(container: string): WaitingReason | null;
}

export class ReportedStatus {
  readonly #worker: StatusSubject;
  #status: PodStatus | null = null;
  #isStale = false;

  constructor(worker: StatusSubject) {
    this.#worker = worker;
  }

  /** As it was made last: for what must not make it anew. null: nothing has been said. */
  get last(): PodStatus | null {
    return this.#status;
  }

  /** As it is now. */
  current(): PodStatus | null {
    if (!this.#isStale) return this.#status;
    this.#isStale = false;
    const status = this.#generate();
    if (jsonEquals(this.#status, status)) return this.#status;
    const hadEnded = isTerminalPhase(this.#status?.phase);
    assert(!hadEnded || isTerminalPhase(status.phase), "a Pod that ended stays so");
    this.#status = status;
    return status;
  }

  /** Something that it says has changed. */
  changed(): void {
    this.#isStale = true;
  }

  /** Of Pods that nothing is run of. */
  set(status: PodStatus | null): void {
    this.#status = status;
  }

  #generate(): PodStatus {
    const worker = this.#worker;
    const { pod, host } = worker;
    const { spec } = pod;
    return podStatus({
      pod: this.#status === null ? pod : { ...pod, status: mergedStatus(pod, this.#status) },
      init: (spec.initContainers ?? []).map((container) => this.#initView(container)),
      main: spec.containers.map((container) => this.#view(container)),
      ephemeral: (spec.ephemeralContainers ?? []).map((each) => this.#view(each as Container)),
      hasSandbox: host.runtime.listPodSandboxes(worker.uid)[0]?.isReady === true,
      podIP: worker.podIP(),
      hostIP: host.hostIP,
      startedAtMs: worker.startedAtMs,
      nowMs: host.wallMs(),
      isTerminating: worker.isTerminating,
      isOver: worker.isFinished,
      verdict: worker.verdict,
    });
  }

  #view(container: Container): ContainerView {
    const { probes } = this.#worker;
    const records = this.#worker.containers().filter((record) => record.name === container.name);
    const isStarted = records[0]?.state === "running" && (probes?.hasStarted(container.name) ?? true);
    return {
      container,
      records,
      waiting: this.#worker.isTerminating ? null : this.#worker.waitingReason(container.name),
      isReady: isStarted && (probes?.isReady(container.name) ?? true),
      isStarted,
    };
  }

  /** A sidecar is as ready as its probes say; any other init container is when it has done its work. */
  #initView(container: Container): ContainerView {
    const view = this.#view(container);
    if (isSidecar(container)) return view;
    const [newest] = view.records;
    const isReady = newest?.state === "exited" && newest.exitCode === 0;
    return { ...view, isReady, isStarted: false };
  }
}

/** Times of transition and phases come from what was said last; conditions of others from what the API server has. */
function mergedStatus(pod: Pod, last: PodStatus): PodStatus {
  const foreign = (pod.status?.conditions ?? []).filter(
    (condition) => !(last.conditions ?? []).some((each) => each.type === condition.type),
  );
  const newest = (last.conditions ?? []).map((condition) =>
    pod.spec.readinessGates?.some((gate) => gate.conditionType === condition.type)
      ? (pod.status?.conditions?.find((each) => each.type === condition.type) ?? condition)
      : condition,
  );
  return { ...last, conditions: [...foreign, ...newest] };
}
