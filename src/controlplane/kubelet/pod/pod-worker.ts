// One Pod on its node: makes what runs match what is wanted, step by step, and says how far it has come. Whatever
// happens - a new spec, a container that ended, a probe, a time that has come - wakes it; it then looks at everything
// anew (podActions) and acts. One step at a time; what wakes it meanwhile is seen with the next round.
// Source: kubernetes pkg/kubelet/pod_workers.go, kuberuntime SyncPod and KillPod.
import { jsonEquals } from "../../../api/patch/json-tree.js";
import { assert } from "../../../base/assert.js";
import type { DueEntry } from "../due-times.js";
import { PodProbes } from "../probes/pod-probes.js";
import { type RuntimeContainer, RuntimeRefusal } from "../runtime/runtime-service.js";
import type { SimContainer } from "../runtime/sim-container.js";
import type { StatusOwner } from "../status-manager.js";
import { ContainerStarter } from "./container-starter.js";
import type { ContainerView } from "./container-statuses.js";
import { killPod } from "./pod-killer.js";
import { type PodActions, podActions } from "./pod-actions.js";
import type { PodContext, PodHost } from "./pod-context.js";
import { type Container, isSidecar, isTerminalPhase, type Pod, type PodStatus } from "./pod.js";
import { podStatus, rejectedStatus, type Verdict } from "./pod-status.js";
import { probeHost } from "./probe-host.js";
import { MountWait } from "./mount-wait.js";

const SYNC_RETRY_MS = 2000;
/** How soon a sandbox that could not be made is tried again. */
const SANDBOX_RETRY_MS = 1000;
const DEFAULT_GRACE_SECONDS = 30;

export class PodWorker implements PodContext, StatusOwner {
  readonly host: PodHost;
  readonly uid: string;
  readonly startedAtMs: number;
  /** As wanted; of a static Pod, from its file. */
  pod: Pod;
  /** As the API server has it; null: it does not know the Pod. */
  apiPod: Pod | null;
  readonly probes: PodProbes | null;
  readonly #starter: ContainerStarter;
  readonly #mounts: MountWait;
  #status: PodStatus | null = null;
  /** Something has changed since the status was made: it is made anew when somebody reads it. */
  #isStale = false;
  #verdict: Verdict | null = null;
  #stage: "running" | "terminating" | "finished" = "running";
  /** Seconds; what a termination may take. */
  #graceSeconds = DEFAULT_GRACE_SECONDS;
  #isBusy = false;
  #isWoken = false;
  #isForgotten = false;
  #deadline: DueEntry | null = null;
  #retry: DueEntry | null = null;
  /** Ends the wait for something slow when the Pod is to go. */
  #interrupt: (() => void) | null = null;

  constructor(host: PodHost, pod: Pod, isStatic: boolean) {
    this.host = host;
    this.pod = pod;
    this.apiPod = isStatic ? null : pod;
    this.uid = pod.metadata.uid;
    const startTime = pod.status?.startTime;
    this.startedAtMs = startTime === undefined ? host.wallMs() : Date.parse(startTime);
    this.probes = PodProbes.of(pod.spec, probeHost(this));
    this.#starter = new ContainerStarter(this);
    this.#mounts = new MountWait(this);
    this.#armDeadline();
  }

  get status(): PodStatus | null {
    if (!this.#isStale) return this.#status;
    this.#isStale = false;
    const status = this.#generateStatus();
    if (jsonEquals(this.#status, status)) return this.#status;
    const hadEnded = isTerminalPhase(this.#status?.phase);
    assert(!hadEnded || isTerminalPhase(status.phase), "a Pod that ended stays so");
    this.#status = status;
    return status;
  }

  get isDeletable(): boolean {
    return this.#stage === "finished" && this.apiPod?.metadata.deletionTimestamp !== undefined;
  }

  get isTerminating(): boolean {
    return this.#stage !== "running";
  }

  get isFinished(): boolean {
    return this.#stage === "finished";
  }

  /** A first look: Pods that are done or on their way out need no start. */
  begin(): void {
    if (isTerminalPhase(this.pod.status?.phase)) this.#finishUnstarted();
    else if (this.pod.metadata.deletionTimestamp !== undefined) this.terminate(this.#wantedGrace());
    else this.wake();
  }

  /** The API server has a newer version. */
  update(pod: Pod): void {
    const before = this.pod;
    this.pod = pod;
    if (this.apiPod === null || isNewer(pod, this.apiPod)) this.apiPod = pod;
    if (pod.metadata.deletionTimestamp !== undefined) {
      this.terminate(this.#wantedGrace());
      return;
    }
    if (this.#stage === "running" && needsLook(before, pod)) this.wake();
  }

  onWritten(pod: Pod): void {
    if (isNewer(pod, this.apiPod)) this.apiPod = pod;
  }

  /** The node does not take it. */
  reject(verdict: Verdict): void {
    this.#verdict = verdict;
    this.#stage = "finished";
    this.host.report(this.pod, null, "Warning", verdict.reason, verdict.message);
    this.#status = rejectedStatus(this.pod, verdict, this.host.wallMs());
    this.host.statusChanged(this.uid);
  }

  /** The node ends it: eviction, deadline. */
  evict(verdict: Verdict, graceSeconds: number): void {
    if (this.#stage !== "running") return;
    this.#verdict = verdict;
    this.terminate(graceSeconds);
  }

  /** It is to go, in this time at most; a second call may only shorten it. */
  terminate(graceSeconds: number): void {
    if (this.#stage === "finished") {
      this.host.statusChanged(this.uid);
      return;
    }
    if (this.#stage === "terminating") {
      if (graceSeconds >= this.#graceSeconds) return;
      this.#graceSeconds = graceSeconds;
      for (const container of this.containers())
        void this.host.runtime.stopContainer(container.id, graceSeconds);
      return;
    }
    this.#stage = "terminating";
    this.#graceSeconds = graceSeconds;
    this.probes?.terminating();
    this.#cancelWaits();
    this.wake();
  }

  /** A static Pod's stand-in in the API; null: there is none. */
  setMirror(mirror: Pod | null): void {
    const isNew = mirror !== null && this.apiPod?.metadata.uid !== mirror.metadata.uid;
    if (mirror === null || isNew || isNewer(mirror, this.apiPod)) this.apiPod = mirror;
    if (isNew) this.host.statusChanged(this.uid);
  }

  /** Its machine is gone: nothing more is done for it. */
  abandon(): void {
    this.#stage = "finished";
    this.#cancelWaits();
    this.probes?.stop();
  }

  /** The API server does not know it any more. */
  forget(): void {
    this.apiPod = null;
    this.#isForgotten = true;
    if (this.#stage === "finished") void this.#cleanUp();
    else
      this.terminate(
        this.pod.metadata.deletionTimestamp === undefined ? this.#specGrace() : this.#graceSeconds,
      );
  }

  wake(): void {
    if (this.#isBusy) {
      this.#isWoken = true;
      return;
    }
    this.#isBusy = true;
    void this.#rounds();
  }

  wakeAfter(ms: number): DueEntry {
    return this.host.due.after(ms, () => this.wake());
  }

  onStarted(container: SimContainer): void {
    this.probes?.started(container);
  }

  containers(): readonly SimContainer[] {
    return this.host.runtime.simContainers(this.uid);
  }

  newest(name: string): SimContainer | null {
    return this.containers().find((container) => container.name === name) ?? null;
  }

  podIP(): string {
    if (this.pod.spec.hostNetwork === true) return this.host.hostIP;
    const sandbox = this.host.runtime.listPodSandboxes(this.uid)[0];
    return sandbox?.ip ?? this.#status?.podIP ?? "";
  }

  async whileWanted<T>(slow: Promise<T>): Promise<T | null> {
    // What comes of it after that is nobody's concern.
    slow.catch(() => {});
    if (this.#stage !== "running") return null;
    const interrupted = new Promise<null>((resolve) => {
      this.#interrupt = () => resolve(null);
    });
    try {
      return await Promise.race([slow, interrupted]);
    } finally {
      this.#interrupt = null;
    }
  }

  publish(): void {
    this.#isStale = true;
    this.host.statusChanged(this.uid);
  }

  async #rounds(): Promise<void> {
    do {
      this.#isWoken = false;
      try {
        if (this.#stage === "running") await this.#sync();
        // Not an else: the Pod may have been told to go meanwhile.
        if (this.#stage === "terminating") await this.#terminateNow();
      } catch (error) {
        // The API server could not be asked, or the runtime refused what it never refuses: tried again.
        this.report(null, "Warning", "FailedSync", `error syncing pod: ${(error as Error).message}`);
        this.#retry = this.wakeAfter(SYNC_RETRY_MS);
      }
    } while (this.#isWoken && this.#stage !== "finished");
    this.#isBusy = false;
    if (this.#stage === "finished" && this.#isForgotten) await this.#cleanUp();
  }

  async #sync(): Promise<void> {
    this.publish();
    const actions = podActions({
      spec: this.pod.spec,
      containers: this.#newestByName(),
      hasSandbox: this.#hasSandbox(),
      sandboxAttempts: this.host.runtime.listPodSandboxes(this.uid).length,
      failedProbe: (name) => this.probes?.failed(name) ?? null,
      hasStarted: (name) => this.probes?.hasStarted(name) ?? true,
    });
    if (actions.killPod) {
      this.#stage = "terminating";
      this.#graceSeconds = this.#specGrace();
      return;
    }
    await this.#stop(actions);
    if (actions.createSandbox && !(await this.#createSandbox())) return;
    await this.#startEphemeral();
    for (const container of actions.start) {
      if (this.#stage !== "running") return;
      await this.#starter.start(container);
    }
    this.publish();
    // A sidecar without startup probe makes way at once.
    if (actions.start.some((each) => isSidecar(each) && this.newest(each.name)?.state === "running"))
      this.#isWoken = true;
  }

  async #stop(actions: PodActions): Promise<void> {
    for (const { name, cause } of actions.stop) {
      const container = this.newest(name);
      if (container?.state !== "running") continue;
      const willRestart = actions.start.some((each) => each.name === name);
      const message = `Container ${name} failed ${cause} probe${willRestart ? ", will be restarted" : ""}`;
      this.report(container.spec, "Normal", "Killing", message);
      const probe = cause === "liveness" ? container.spec.livenessProbe : container.spec.startupProbe;
      await this.host.runtime.stopContainer(
        container.id,
        probe?.terminationGracePeriodSeconds ?? this.#specGrace(),
      );
    }
  }

  /** @returns whether there is one now */
  async #createSandbox(): Promise<boolean> {
    if (!(await this.#mounts.isMounted()) || this.#stage !== "running") return false;
    const { runtime } = this.host;
    const attempt = runtime.listPodSandboxes(this.uid).length;
    try {
      await runtime.runPodSandbox({ pod: this.pod, attempt });
    } catch (error) {
      if (!(error instanceof RuntimeRefusal)) throw error;
      this.report(
        null,
        "Warning",
        "FailedCreatePodSandBox",
        `Failed to create pod sandbox: ${error.message}`,
      );
      this.#retry = this.wakeAfter(SANDBOX_RETRY_MS);
      return false;
    }
    this.publish();
    return true;
  }

  async #startEphemeral(): Promise<void> {
    for (const container of this.pod.spec.ephemeralContainers ?? [])
      if (this.newest(container.name) === null && this.#stage === "running")
        await this.#starter.start(container as Container);
  }

  async #terminateNow(): Promise<void> {
    this.#cancelWaits();
    await killPod(this, () => this.#graceSeconds);
    this.probes?.stop();
    this.#stage = "finished";
    this.publish();
    this.host.onFinished(this.uid);
  }

  #finishUnstarted(): void {
    this.#stage = "finished";
    this.#status = this.pod.status ?? null;
    this.host.onFinished(this.uid);
    if (this.isDeletable) this.host.statusChanged(this.uid);
  }

  async #cleanUp(): Promise<void> {
    this.#cancelWaits();
    for (const sandbox of this.host.runtime.listPodSandboxes(this.uid))
      await this.host.runtime.removePodSandbox(sandbox.id);
    this.host.onGone(this.uid);
  }

  #cancelWaits(): void {
    this.#interrupt?.();
    this.#starter.cancelWaits();
    this.#mounts.cancel();
    this.host.due.cancel(this.#retry);
    this.host.due.cancel(this.#deadline);
  }

  #armDeadline(): void {
    const seconds = this.pod.spec.activeDeadlineSeconds;
    if (seconds === undefined) return;
    const leftMs = this.startedAtMs + seconds * 1000 - this.host.wallMs();
    const message = "Pod was active on the node longer than the specified deadline";
    this.#deadline = this.host.due.after(leftMs, () => {
      this.report(null, "Normal", "DeadlineExceeded", message);
      this.evict({ reason: "DeadlineExceeded", message, condition: null }, this.#specGrace());
    });
  }

  #specGrace(): number {
    return this.pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  }

  #wantedGrace(): number {
    return this.pod.metadata.deletionGracePeriodSeconds ?? this.#specGrace();
  }

  report(container: Container | null, type: "Normal" | "Warning", reason: string, message: string): void {
    this.host.report(this.pod, container, type, reason, message);
  }

  #hasSandbox(): boolean {
    return this.host.runtime.listPodSandboxes(this.uid)[0]?.isReady === true;
  }

  #newestByName(): ReadonlyMap<string, RuntimeContainer> {
    const newest = new Map<string, RuntimeContainer>();
    for (const container of this.containers())
      if (!newest.has(container.name)) newest.set(container.name, container);
    return newest;
  }

  #generateStatus(): PodStatus {
    const { spec } = this.pod;
    const isTerminating = this.#stage !== "running";
    return podStatus({
      pod: this.#status === null ? this.pod : { ...this.pod, status: mergedStatus(this.pod, this.#status) },
      init: (spec.initContainers ?? []).map((container) => this.#view(container, true)),
      main: spec.containers.map((container) => this.#view(container, false)),
      ephemeral: (spec.ephemeralContainers ?? []).map((each) => this.#view(each as Container, false)),
      hasSandbox: this.#hasSandbox(),
      podIP: this.podIP(),
      hostIP: this.host.hostIP,
      startedAtMs: this.startedAtMs,
      nowMs: this.host.wallMs(),
      isTerminating,
      isOver: this.#stage === "finished",
      verdict: this.#verdict,
    });
  }

  #view(container: Container, isInit: boolean): ContainerView {
    const records = this.containers().filter((record) => record.name === container.name);
    const [newest] = records;
    const isRunning = newest?.state === "running";
    const isRegularInit = isInit && !isSidecar(container);
    const isStarted = isRunning && (this.probes?.hasStarted(container.name) ?? true);
    const isReady = isRegularInit
      ? newest?.state === "exited" && newest.exitCode === 0
      : isStarted && (this.probes?.isReady(container.name) ?? true);
    const waiting = this.#stage === "running" ? this.#starter.waitingReason(container.name) : null;
    return { container, records, waiting, isReady, isStarted: isStarted && !isRegularInit };
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

function needsLook(before: Pod, after: Pod): boolean {
  if (after.spec.readinessGates !== undefined) return true;
  if (before.metadata.generation !== undefined && before.metadata.generation === after.metadata.generation)
    return before.spec.ephemeralContainers?.length !== after.spec.ephemeralContainers?.length;
  return before.spec !== after.spec;
}

function isNewer(pod: Pod, than: Pod | null): boolean {
  if (than === null) return false;
  return Number(pod.metadata.resourceVersion ?? 0) >= Number(than.metadata.resourceVersion ?? 0);
}
