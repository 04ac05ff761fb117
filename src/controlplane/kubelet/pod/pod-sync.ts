// One look at a Pod that is to run: what should not run is stopped, what is missing is started: sandbox, ephemeral
// containers, then the others in order. What could not be done now is tried again by waking the worker.
// Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go SyncPod.
import type { DueEntry } from "../due-times.js";
import type { PodProbes } from "../probes/pod-probes.js";
import { type RuntimeContainer, RuntimeRefusal } from "../runtime/runtime-service.js";
import { ContainerStarter } from "./container-starter.js";
import type { WaitingReason } from "./container-statuses.js";
import { MountWait } from "./mount-wait.js";
import { type PodActions, podActions } from "./pod-actions.js";
import type { PodContext } from "./pod-context.js";
import { type Container, isSidecar, specGraceSeconds } from "./pod.js";

/** How soon a sandbox that could not be made is tried again. */
const SANDBOX_RETRY_MS = 1000;

/** What is to follow: nothing, another look at once, or the Pod's end. */
export type SyncOutcome = "wait" | "look-again" | "end-pod";

export class PodSync {
  readonly #worker: PodContext;
  readonly #probes: PodProbes | null;
  readonly #starter: ContainerStarter;
  readonly #mounts: MountWait;
  #sandboxRetry: DueEntry | null = null;

  constructor(worker: PodContext, probes: PodProbes | null) {
    this.#worker = worker;
    this.#probes = probes;
    this.#starter = new ContainerStarter(worker);
    this.#mounts = new MountWait(worker);
  }

  /** @throws when the API server could not be asked, or the runtime refused what it never refuses */
  async sync(): Promise<SyncOutcome> {
    this.#worker.publish();
    const actions = this.#actions();
    if (actions.killPod) return "end-pod";
    await this.#stop(actions);
    if (actions.createSandbox && !(await this.#createSandbox())) return "wait";
    await this.#startEphemeral();
    for (const container of actions.start) {
      if (this.#worker.isTerminating) return "wait";
      await this.#starter.start(container);
    }
    this.#worker.publish();
    // A sidecar without startup probe makes way at once.
    const isSidecarUp = actions.start.some(
      (each) => isSidecar(each) && this.#worker.newest(each.name)?.state === "running",
    );
    return isSidecarUp ? "look-again" : "wait";
  }

  waitingReason(container: string): WaitingReason | null {
    return this.#starter.waitingReason(container);
  }

  cancelWaits(): void {
    this.#starter.cancelWaits();
    this.#mounts.cancel();
    this.#worker.host.due.cancel(this.#sandboxRetry);
  }

  #actions(): PodActions {
    const { host, pod, uid } = this.#worker;
    const sandboxes = host.runtime.listPodSandboxes(uid);
    return podActions({
      spec: pod.spec,
      containers: this.#newestByName(),
      hasSandbox: sandboxes[0]?.isReady === true,
      sandboxAttempts: sandboxes.length,
      failedProbe: (name) => this.#probes?.failed(name) ?? null,
      hasStarted: (name) => this.#probes?.hasStarted(name) ?? true,
    });
  }

  #newestByName(): ReadonlyMap<string, RuntimeContainer> {
    const newest = new Map<string, RuntimeContainer>();
    for (const container of this.#worker.containers())
      if (!newest.has(container.name)) newest.set(container.name, container);
    return newest;
  }

  async #stop(actions: PodActions): Promise<void> {
    for (const { name, cause } of actions.stop) {
      const container = this.#worker.newest(name);
      if (container?.state !== "running") continue;
      const willRestart = actions.start.some((each) => each.name === name);
      const message = `Container ${name} failed ${cause} probe${willRestart ? ", will be restarted" : ""}`;
      this.#worker.report(container.spec, "Normal", "Killing", message);
      const probe = cause === "liveness" ? container.spec.livenessProbe : container.spec.startupProbe;
      const graceSeconds = probe?.terminationGracePeriodSeconds ?? specGraceSeconds(this.#worker.pod);
      await this.#worker.host.runtime.stopContainer(container.id, graceSeconds);
    }
  }

  /** @returns whether there is one now */
  async #createSandbox(): Promise<boolean> {
    if (!(await this.#mounts.isMounted()) || this.#worker.isTerminating) return false;
    const { host, pod, uid } = this.#worker;
    const attempt = host.runtime.listPodSandboxes(uid).length;
    try {
      await host.runtime.runPodSandbox({ pod, attempt });
    } catch (error) {
      if (!(error instanceof RuntimeRefusal)) throw error;
      const message = `Failed to create pod sandbox: ${error.message}`;
      this.#worker.report(null, "Warning", "FailedCreatePodSandBox", message);
      this.#sandboxRetry = this.#worker.wakeAfter(SANDBOX_RETRY_MS);
      return false;
    }
    this.#worker.publish();
    return true;
  }

  async #startEphemeral(): Promise<void> {
    for (const container of this.#worker.pod.spec.ephemeralContainers ?? [])
      if (this.#worker.newest(container.name) === null && !this.#worker.isTerminating)
        await this.#starter.start(container as Container);
  }
}
