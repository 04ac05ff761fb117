// One Pod on its node: makes what runs match what is wanted, step by step, and says how far it has come. Whatever
// happens - a new spec, a container that ended, a probe, a time that has come - wakes it; it then looks at everything
// anew and acts: PodSync while the Pod is to run, killPod when it is to go. One step at a time; what wakes it meanwhile
// is seen with the next round.
// Source: kubernetes pkg/kubelet/pod_workers.go.
import type { DueEntry } from "../due-times.js";
import { PodProbes } from "../probes/pod-probes.js";
import type { SimContainer } from "../runtime/sim-container.js";
import type { StatusOwner } from "../status-manager.js";
import type { WaitingReason } from "./container-statuses.js";
import { killPod } from "./pod-killer.js";
import type { PodHost } from "./pod-context.js";
import { type Container, isTerminalPhase, type Pod, type PodStatus, specGraceSeconds } from "./pod.js";
import { rejectedStatus, type Verdict } from "./pod-status.js";
import { PodSync } from "./pod-sync.js";
import { probeHost } from "./probe-host.js";
import { ReportedStatus, type StatusSubject } from "./reported-status.js";

/** How soon a round that failed is tried again. */
const SYNC_RETRY_MS = 2000;

export class PodWorker implements StatusSubject, StatusOwner {
  readonly host: PodHost;
  readonly uid: string;
  readonly startedAtMs: number;
  /** As wanted; of a static Pod, from its file. */
  pod: Pod;
  /** As the API server has it; null: it does not know the Pod. */
  apiPod: Pod | null;
  readonly probes: PodProbes | null;
  readonly #sync: PodSync;
  readonly #reported: ReportedStatus;
  #verdict: Verdict | null = null;
  #stage: "running" | "terminating" | "finished" = "running";
  /** Seconds; what a termination may take. */
  #graceSeconds: number;
  #isBusy = false;
  #isWoken = false;
  #isForgotten = false;
  #deadline: DueEntry | null = null;
  #retry: DueEntry | null = null;
  /** Ends the wait for something slow when the Pod is to go. */
  #interrupt: (() => void) | null = null;

  /** @param apiPod null: a static Pod, of which the API server does not know yet */
  constructor(host: PodHost, pod: Pod, apiPod: Pod | null) {
    this.host = host;
    this.pod = pod;
    this.apiPod = apiPod;
    this.uid = pod.metadata.uid;
    const startTime = pod.status?.startTime;
    this.startedAtMs = startTime === undefined ? host.wallMs() : Date.parse(startTime);
    this.probes = PodProbes.of(pod.spec, probeHost(this));
    this.#sync = new PodSync(this, this.probes);
    this.#reported = new ReportedStatus(this);
    this.#graceSeconds = specGraceSeconds(pod);
    this.#armDeadline();
  }

  get status(): PodStatus | null {
    return this.#reported.current();
  }

  get verdict(): Verdict | null {
    return this.#verdict;
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
    if (this.#stage !== "running") return;
    if (before.spec.activeDeadlineSeconds !== pod.spec.activeDeadlineSeconds) this.#armDeadline();
    if (needsLook(before, pod)) this.wake();
  }

  onWritten(pod: Pod): void {
    if (isNewer(pod, this.apiPod)) this.apiPod = pod;
  }

  /** The node does not take it. */
  reject(verdict: Verdict): void {
    this.#verdict = verdict;
    this.#stage = "finished";
    this.host.report(this.pod, null, "Warning", verdict.reason, verdict.message);
    this.#reported.set(rejectedStatus(this.pod, verdict, this.host.wallMs()));
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
        this.pod.metadata.deletionTimestamp === undefined ? specGraceSeconds(this.pod) : this.#graceSeconds,
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
    return sandbox?.ip ?? this.#reported.last?.podIP ?? "";
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

  report(container: Container | null, type: "Normal" | "Warning", reason: string, message: string): void {
    this.host.report(this.pod, container, type, reason, message);
  }

  waitingReason(container: string): WaitingReason | null {
    return this.#sync.waitingReason(container);
  }

  publish(): void {
    this.#reported.changed();
    this.host.statusChanged(this.uid);
  }

  async #rounds(): Promise<void> {
    do {
      this.#isWoken = false;
      try {
        if (this.#stage === "running") await this.#syncNow();
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

  async #syncNow(): Promise<void> {
    const outcome = await this.#sync.sync();
    if (outcome === "look-again") this.#isWoken = true;
    if (outcome !== "end-pod") return;
    this.#stage = "terminating";
    this.#graceSeconds = specGraceSeconds(this.pod);
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
    this.#reported.set(this.pod.status ?? null);
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
    this.#sync.cancelWaits();
    this.host.due.cancel(this.#retry);
    this.host.due.cancel(this.#deadline);
  }

  #armDeadline(): void {
    this.host.due.cancel(this.#deadline);
    const seconds = this.pod.spec.activeDeadlineSeconds;
    if (seconds === undefined) return;
    const leftMs = this.startedAtMs + seconds * 1000 - this.host.wallMs();
    const message = "Pod was active on the node longer than the specified deadline";
    this.#deadline = this.host.due.after(leftMs, () => {
      this.report(null, "Normal", "DeadlineExceeded", message);
      this.evict({ reason: "DeadlineExceeded", message, condition: null }, specGraceSeconds(this.pod));
    });
  }

  #wantedGrace(): number {
    return this.pod.metadata.deletionGracePeriodSeconds ?? specGraceSeconds(this.pod);
  }
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
