// The container runtime of one hollow node: sandboxes and containers are small records, time is the shared heap's, and a
// container that just runs costs nothing while it does.
import type { Prng } from "../../../base/prng.js";
import { type Timers, wallMs } from "../../../base/timers.js";
import type { DueTimes } from "../due-times.js";
import type { Pod } from "../pod/pod.js";
import { toText } from "../shell/byte-text.js";
import { WrittenFiles } from "../shell/container-files.js";
import { isKnownCommand, newShell, startProcess } from "../shell/shell.js";
import { NodeUsage } from "./node-usage.js";
import type { PodAddresses } from "./pod-addresses.js";
import { containerPlan, type SimulationProfile } from "./profile.js";
import {
  type ContainerConfig,
  type ContainerId,
  type ContainerUsage,
  type ContainerWorld,
  type ExecResult,
  type PodSandbox,
  type PodSandboxConfig,
  type RuntimeContainer,
  RuntimeRefusal,
  type RuntimeService,
  type SandboxId,
} from "./runtime-service.js";
import { SimContainer, type SimHost } from "./sim-container.js";
import { SimulatedImages } from "./simulated-images.js";

export interface RuntimeOptions {
  readonly timers: Timers;
  readonly due: DueTimes;
  readonly prng: Prng;
  readonly profile: SimulationProfile;
  /** Of the node's Pods; asked for when a sandbox is made. */
  readonly addresses: () => PodAddresses;
  /** A container ended although nobody stopped it: found at the next relist. */
  readonly onUnexpectedExit: (podUid: string) => void;
  /** Containers or images use more than before. */
  readonly onGrowth: () => void;
}

interface Sandbox extends PodSandbox {
  readonly pod: Pod;
  isReady: boolean;
  ip: string | null;
  /** Newest first. */
  containers: SimContainer[];
}

export class SimulatedRuntime implements RuntimeService {
  readonly usage = new NodeUsage();
  readonly images: SimulatedImages;
  readonly #options: RuntimeOptions;
  readonly #host: SimHost;
  readonly #sandboxes = new Map<SandboxId, Sandbox>();
  readonly #sandboxesOfPod = new Map<string, Sandbox[]>();
  readonly #containers = new Map<ContainerId, SimContainer>();
  /** Calls do not come back while it hangs. */
  #hang: { readonly over: Promise<void>; readonly end: () => void } | null = null;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.images = new SimulatedImages({
      profile: options.profile,
      takes: (ms) => this.#takes(ms),
      nowMs: () => options.due.now(),
      onGrowth: options.onGrowth,
    });
    this.#host = {
      due: options.due,
      wallMs: () => wallMs(options.timers),
      onExit: (container, isRequested) => {
        if (!isRequested) options.onUnexpectedExit(container.podUid);
      },
      usage: this.usage,
      onGrowth: options.onGrowth,
    };
  }

  get containers(): Iterable<SimContainer> {
    return this.#containers.values();
  }

  /** Simulates a runtime that does not answer, until `resume`. */
  hang(): void {
    if (this.#hang !== null) return;
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#hang = { over, end };
  }

  resume(): void {
    this.#hang?.end();
    this.#hang = null;
  }

  async runPodSandbox({ pod, attempt }: PodSandboxConfig): Promise<SandboxId> {
    await this.#takes(this.#options.profile.sandboxMs);
    const ip = pod.spec.hostNetwork === true ? null : this.#options.addresses().take();
    if (ip === null && pod.spec.hostNetwork !== true)
      throw new RuntimeRefusal("failed to set up sandbox network: no IP addresses available in range set");
    const sandbox: Sandbox = {
      id: this.#newId(),
      podUid: pod.metadata.uid,
      pod,
      attempt,
      isReady: true,
      ip,
      createdAtMs: this.#host.wallMs(),
      containers: [],
    };
    this.#sandboxes.set(sandbox.id, sandbox);
    const others = this.#sandboxesOfPod.get(sandbox.podUid);
    this.#sandboxesOfPod.set(sandbox.podUid, others === undefined ? [sandbox] : [sandbox, ...others]);
    return sandbox.id;
  }

  async stopPodSandbox(id: SandboxId): Promise<void> {
    await this.#takes(0);
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined) return;
    for (const container of sandbox.containers) await container.stop(0);
    sandbox.isReady = false;
    if (sandbox.ip !== null) this.#options.addresses().release(sandbox.ip);
    sandbox.ip = null;
  }

  async removePodSandbox(id: SandboxId): Promise<void> {
    await this.stopPodSandbox(id);
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined) return;
    this.#sandboxes.delete(id);
    for (const container of sandbox.containers) this.#forget(container);
    const left = (this.#sandboxesOfPod.get(sandbox.podUid) ?? []).filter((each) => each !== sandbox);
    if (left.length === 0) this.#sandboxesOfPod.delete(sandbox.podUid);
    else this.#sandboxesOfPod.set(sandbox.podUid, left);
  }

  listPodSandboxes(podUid: string | null): readonly PodSandbox[] {
    return podUid === null ? [...this.#sandboxes.values()] : (this.#sandboxesOfPod.get(podUid) ?? []);
  }

  async createContainer(sandboxId: SandboxId, config: ContainerConfig): Promise<ContainerId> {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox === undefined || !sandbox.isReady)
      throw new RuntimeRefusal(`failed to find sandbox id "${sandboxId}": not found`);
    const plan = containerPlan(sandbox.pod, config.container, this.#options.profile);
    await this.#takes(this.#options.profile.createMs);
    if (plan.behaviour.failsCreate !== null) throw new RuntimeRefusal(plan.behaviour.failsCreate);
    const container = new SimContainer(this.#host, this.#newId(), sandbox.podUid, config, plan);
    sandbox.containers.unshift(container);
    this.usage.created(plan.behaviour);
    this.images.used(config.container.image ?? "");
    this.#containers.set(container.id, container);
    this.#options.onGrowth();
    return container.id;
  }

  async startContainer(id: ContainerId): Promise<void> {
    await this.#takes(this.#options.profile.startMs);
    const container = this.#containers.get(id);
    if (container === undefined) throw new RuntimeRefusal(`container "${id}": not found`);
    const refusal = container.plan.behaviour.failsStart;
    if (refusal !== null) {
      container.refuseStart(refusal);
      throw new RuntimeRefusal(refusal);
    }
    container.start();
  }

  async stopContainer(id: ContainerId, graceSeconds: number): Promise<void> {
    await this.#takes(0);
    await this.#containers.get(id)?.stop(graceSeconds * 1000);
  }

  async removeContainer(id: ContainerId): Promise<void> {
    await this.stopContainer(id, 0);
    const container = this.#containers.get(id);
    if (container === undefined) return;
    this.#forget(container);
    for (const sandbox of this.#sandboxesOfPod.get(container.podUid) ?? [])
      sandbox.containers = sandbox.containers.filter((each) => each !== container);
  }

  #forget(container: SimContainer): void {
    this.#containers.delete(container.id);
    this.usage.removed(container.plan.behaviour);
  }

  listContainers(podUid: string): readonly RuntimeContainer[] {
    return this.simContainers(podUid);
  }

  /** The same with what only the simulation knows: logs, files, input. Newest first. */
  simContainers(podUid: string): readonly SimContainer[] {
    const sandboxes = this.#sandboxesOfPod.get(podUid) ?? [];
    return sandboxes.length === 1
      ? (sandboxes[0] as Sandbox).containers
      : sandboxes.flatMap((sandbox) => sandbox.containers);
  }

  containerStatus(id: ContainerId): RuntimeContainer | null {
    return this.#containers.get(id) ?? null;
  }

  containerStats(id: ContainerId): ContainerUsage | null {
    return this.#containers.get(id)?.usage() ?? null;
  }

  async execSync(
    id: ContainerId,
    command: readonly string[],
    timeoutSeconds: number,
    world: ContainerWorld,
  ): Promise<ExecResult> {
    const container = this.#containers.get(id);
    if (container?.state !== "running") throw new RuntimeRefusal("container is not running");
    // A program of the image, of which the simulation knows nothing, does its work.
    if (!isKnownCommand(command) && container.plan.unknown === "server")
      return { exitCode: 0, stdout: "", stderr: "" };
    container.written ??= new WrittenFiles();
    const shell = newShell({
      world,
      written: container.written,
      now: this.#host.wallMs,
      unknown: "not-found",
    });
    const process = startProcess(shell, command, "");
    const printed = { 1: "", 2: "" };
    let leftMs = timeoutSeconds * 1000;
    for (;;) {
      const next = process.next(null);
      if (next.done) return { exitCode: next.value, stdout: toText(printed[1]), stderr: toText(printed[2]) };
      if (next.value.is === "print") printed[next.value.to] += next.value.text;
      if (next.value.is !== "wait") continue;
      await this.#options.due.wait(Math.min(next.value.ms, leftMs));
      leftMs -= next.value.ms;
      if (leftMs < 0) throw new RuntimeRefusal(`command timed out after ${timeoutSeconds}s`);
    }
  }

  /** The machine died: nothing runs, nothing is told. */
  crash(): void {
    for (const container of this.#containers.values()) container.cancelAll();
  }

  /** Resolves when a call of this length comes back. */
  async #takes(ms: number): Promise<void> {
    if (this.#hang !== null) await this.#hang.over;
    const { jitter } = this.#options.profile;
    if (ms > 0) await this.#options.due.wait(ms * (1 + jitter * (2 * this.#options.prng.unit() - 1)));
  }

  /** 64 hexadecimal digits. */
  #newId(): string {
    let id = "";
    for (let word = 0; word < 8; word++) id += this.#options.prng.next32().toString(16).padStart(8, "0");
    return id;
  }
}
