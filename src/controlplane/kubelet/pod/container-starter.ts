// Brings one container up: back-off, image, environment, create, start; and remembers why it could not.
// Source: kubernetes pkg/kubelet/kuberuntime startContainer, doBackOff.
import type { DueEntry } from "../due-times.js";
import { containerPlan } from "../runtime/profile.js";
import { type ContainerWorld, type ImageStatus, RuntimeRefusal } from "../runtime/runtime-service.js";
import { type Backoff, backoffLeftMs, durationText, nextBackoff, RESTART_BACKOFF } from "./backoff.js";
import { ConfigError, containerWorld, refersToObjects } from "./container-world.js";
import type { WaitingReason } from "./container-statuses.js";
import { ImagePuller } from "./image-puller.js";
import type { Container, Pod } from "./pod.js";
import type { PodContext } from "./pod-context.js";
import { serviceEnv } from "./service-env.js";
import { StartProblem } from "./start-problem.js";

/** How soon a container whose ConfigMap is missing is tried again. */
const CONFIG_RETRY_MS = 5000;
/** Dead instances of a container that are kept, for `logs --previous`. */
const DEAD_KEPT = 1;

export class ContainerStarter {
  readonly #worker: PodContext;
  readonly #images: ImagePuller;
  /** Made when something fails: most Pods have none of these. */
  #waiting: Map<string, WaitingReason> | null = null;
  #restarts: Map<string, Backoff> | null = null;
  #entries: Map<string, DueEntry> | null = null;

  constructor(worker: PodContext) {
    this.#worker = worker;
    this.#images = new ImagePuller(worker);
  }

  waitingReason(container: string): WaitingReason | null {
    return this.#waiting?.get(container) ?? null;
  }

  cancelWaits(): void {
    for (const entry of this.#entries?.values() ?? []) this.#worker.host.due.cancel(entry);
    this.#entries = null;
  }

  async start(container: Container): Promise<void> {
    try {
      await this.#start(container);
      this.#waiting?.delete(container.name);
    } catch (error) {
      if (!(error instanceof StartProblem)) throw error;
      this.#waiting ??= new Map();
      this.#waiting.set(container.name, { reason: error.reason, message: error.message });
      this.#retryAfter(container, error.retryMs);
    }
  }

  async #start(container: Container): Promise<void> {
    const worker = this.#worker;
    this.#checkRestart(container);
    const image = await worker.whileWanted(this.#images.ensureImage(container));
    if (image === null) return;
    const world = await this.#world(container);
    if (worker.isTerminating) return;
    const before = worker.newest(container.name);
    const id = await this.#create(
      container,
      image,
      world,
      before === null ? attemptBefore(worker.pod, container) : before.attempt + 1,
    );
    worker.report(container, "Normal", "Created", "Container created");
    try {
      await worker.host.runtime.startContainer(id);
    } catch (error) {
      throw this.#refused(container, error, "RunContainerError");
    }
    worker.report(container, "Normal", "Started", "Container started");
    const started = worker.newest(container.name);
    if (started !== null) worker.onStarted(started);
    await this.#removeDead(container);
  }

  async #create(
    container: Container,
    image: ImageStatus,
    world: ContainerWorld | null,
    attempt: number,
  ): Promise<string> {
    const { runtime } = this.#worker.host;
    const sandbox = runtime.listPodSandboxes(this.#worker.uid)[0];
    try {
      return await runtime.createContainer(sandbox?.id ?? "", { container, attempt, image, world });
    } catch (error) {
      throw this.#refused(container, error, "CreateContainerError");
    }
  }

  #refused(container: Container, error: unknown, reason: string): unknown {
    if (!(error instanceof RuntimeRefusal)) return error;
    this.#worker.report(container, "Warning", "Failed", `Error: ${error.message}`);
    return new StartProblem(reason, error.message, 1000);
  }

  /** A container that ended is started at once the first time, then with growing pauses. */
  #checkRestart(container: Container): void {
    const ended = this.#worker.newest(container.name);
    if (ended?.state !== "exited") return;
    const { host, pod } = this.#worker;
    const now = host.wallMs();
    const before = this.#restarts?.get(container.name) ?? null;
    const leftMs = backoffLeftMs(before, ended.finishedAtMs, now, RESTART_BACKOFF);
    if (leftMs > 0 && before !== null) {
      const text = podText(pod);
      this.#worker.report(
        container,
        "Warning",
        "BackOff",
        `Back-off restarting failed container ${container.name} in pod ${text}`,
      );
      const message = `back-off ${durationText(before.delayMs)} restarting failed container=${container.name} pod=${text}`;
      throw new StartProblem("CrashLoopBackOff", message, leftMs);
    }
    this.#restarts ??= new Map();
    this.#restarts.set(container.name, nextBackoff(before, ended.finishedAtMs, now, RESTART_BACKOFF));
  }

  /** Made for commands that are played; checked for all that name ConfigMaps and Secrets. */
  async #world(container: Container): Promise<ContainerWorld | null> {
    const { pod, host } = this.#worker;
    const isPlayed = containerPlan(pod, container, host.profile).script !== null;
    if (!isPlayed && !refersToObjects(container)) return null;
    try {
      const world = await worldOf(this.#worker, container);
      return isPlayed ? world : null;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#worker.report(container, "Warning", "Failed", `Error: ${error.message}`);
      throw new StartProblem("CreateContainerConfigError", error.message, CONFIG_RETRY_MS);
    }
  }

  async #removeDead({ name }: Container): Promise<void> {
    const dead = this.#worker.containers().filter((each) => each.name === name && each.state === "exited");
    const running = this.#worker.newest(name)?.state === "running";
    for (const container of dead.slice(running ? DEAD_KEPT : DEAD_KEPT + 1))
      await this.#worker.host.runtime.removeContainer(container.id);
  }

  #retryAfter({ name }: Container, ms: number): void {
    this.#entries ??= new Map();
    this.#worker.host.due.cancel(this.#entries.get(name) ?? null);
    this.#entries.set(name, this.#worker.wakeAfter(ms));
  }
}

/** What a process of this container sees. @throws {ConfigError} */
export function worldOf(worker: PodContext, container: Container): Promise<ContainerWorld> {
  const { host, pod } = worker;
  const services = pod.spec.enableServiceLinks === false ? [] : host.servicesOf(pod.metadata.namespace);
  return containerWorld({
    pod,
    container,
    objects: host.objects,
    nodeName: host.nodeName,
    hostIP: host.hostIP,
    podIP: worker.podIP(),
    memoryCapacityBytes: host.memoryCapacityBytes,
    dns: host.names.cluster,
    lookup: host.names.lookup,
    serviceEnv: serviceEnv(services, host.apiService()),
  });
}

/** A container that ran before its node was started anew goes on counting. */
function attemptBefore(pod: Pod, { name }: Container): number {
  const said = pod.status?.containerStatuses?.find((status) => status.name === name);
  return said?.containerID === undefined ? 0 : said.restartCount + 1;
}

/** As upstream names Pods in messages. */
function podText({ metadata }: Pod): string {
  return `${metadata.name}_${metadata.namespace}(${metadata.uid})`;
}
