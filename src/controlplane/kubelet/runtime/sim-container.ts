// One container of the simulated runtime: plays its behaviour in the time that is handed in.
import { NO_NAMES } from "../../protocol/name-lookup.js";
import type { DueEntry, DueTimes } from "../due-times.js";
import { containerAmount } from "../pod/resources.js";
import type { Container } from "../pod/pod.js";
import { toText } from "../shell/byte-text.js";
import { WrittenFiles } from "../shell/container-files.js";
import type { Process } from "../shell/run-shell.js";
import { newShell, startProcess } from "../shell/shell.js";
import { ContainerLog } from "./container-log.js";
import type { ContainerPlan } from "./profile.js";
import type { NodeUsage } from "./node-usage.js";
import type {
  ContainerConfig,
  ContainerState,
  ContainerUsage,
  ImageStatus,
  RuntimeContainer,
} from "./runtime-service.js";

const OOM_EXIT_CODE = 137;
const KILLED_EXIT_CODE = 137;
/** Unread input that is kept. */
const INPUT_CHUNKS_MAX = 1024;

/** What a container tells the node it runs on. */
export interface SimHost {
  readonly due: DueTimes;
  /** ms since 1970 */
  wallMs(): number;
  /** @param isRequested the kubelet stopped it */
  onExit(container: SimContainer, isRequested: boolean): void;
  /** What all containers use: added to and taken from as they come and go. */
  readonly usage: NodeUsage;
  /** More is used than before. */
  onGrowth(): void;
}

export class SimContainer implements RuntimeContainer {
  readonly id: string;
  readonly podUid: string;
  readonly spec: Container;
  readonly attempt: number;
  readonly plan: ContainerPlan;
  readonly #image: ImageStatus;
  readonly createdAtMs: number;
  state: ContainerState = "created";
  startedAtMs = 0;
  finishedAtMs = 0;
  exitCode = 0;
  reason = "";
  message = "";
  /** Monotonic, for behaviours that depend on the time since the start. */
  startedAt = 0;
  memoryBytes = 0;
  log: ContainerLog | null = null;
  written: WrittenFiles | null = null;
  #host: SimHost;
  #world: ContainerConfig["world"];
  #due: DueEntry[] | null = null;
  #isStopping = false;
  #ended: (() => void)[] | null = null;
  #input: (string | null)[] | null = null;
  /** Waits for input. */
  #reader: Process | null = null;

  constructor(host: SimHost, id: string, podUid: string, config: ContainerConfig, plan: ContainerPlan) {
    this.#host = host;
    this.id = id;
    this.podUid = podUid;
    this.spec = config.container;
    this.attempt = config.attempt;
    this.plan = plan;
    this.#image = config.image;
    this.#world = config.world;
    this.createdAtMs = host.wallMs();
  }

  get name(): string {
    return this.spec.name;
  }

  get image(): string {
    return this.#image.image;
  }

  get imageRef(): string {
    return this.#image.ref;
  }

  start(): void {
    const { behaviour, script } = this.plan;
    this.state = "running";
    this.startedAtMs = this.#host.wallMs();
    this.startedAt = this.#host.due.now();
    this.#host.usage.started(behaviour);
    for (const step of behaviour.memory) this.#later(step.afterMs, () => this.#setMemory(step.bytes));
    if (this.state !== "running") return;
    if (behaviour.output !== null) this.print(1, behaviour.output);
    if (script !== null) this.#play(this.#process(script), null);
    else if (behaviour.exit !== null) {
      const { code, afterMs } = behaviour.exit;
      this.#later(afterMs, () => this.finish(code, code === 0 ? "Completed" : "Error"));
    }
  }

  /** The runtime could not start its process. */
  refuseStart(message: string): void {
    this.startedAtMs = this.#host.wallMs();
    this.state = "running";
    this.#host.usage.started(this.plan.behaviour);
    this.finish(128, "StartError", message, true);
  }

  /** Resolves when it has ended. */
  stop(graceMs: number): Promise<void> {
    if (this.state !== "running") return Promise.resolve();
    const { behaviour } = this.plan;
    this.#isStopping = true;
    const takesMs = behaviour.ignoresTerm ? Number.POSITIVE_INFINITY : behaviour.termMs;
    if (takesMs <= graceMs && graceMs > 0)
      this.#later(takesMs, () =>
        this.finish(behaviour.termExitCode, behaviour.termExitCode === 0 ? "Completed" : "Error"),
      );
    else this.#later(graceMs, () => this.finish(KILLED_EXIT_CODE, "Error"));
    return this.state === "running" ? this.ended() : Promise.resolve();
  }

  /** Resolves when it does not run any more. */
  ended(): Promise<void> {
    if (this.state === "exited") return Promise.resolve();
    return new Promise((resolve) => {
      this.#ended ??= [];
      this.#ended.push(resolve);
    });
  }

  finish(exitCode: number, reason: string, message = "", isRequested = this.#isStopping): void {
    if (this.state !== "running") return;
    const { behaviour } = this.plan;
    this.state = "exited";
    this.exitCode = exitCode;
    this.reason = reason;
    this.message = message;
    this.finishedAtMs = this.#host.wallMs();
    this.cancelAll();
    this.#host.usage.stopped(behaviour, this.memoryBytes);
    this.memoryBytes = 0;
    this.log?.close(this.finishedAtMs);
    for (const resolve of this.#ended ?? []) resolve();
    this.#ended = null;
    this.#host.onExit(this, isRequested);
  }

  print(to: 1 | 2, text: string): void {
    this.keepLog().append(to, text, this.#host.wallMs());
  }

  /** Its log, made when there is something to write or to follow. */
  keepLog(): ContainerLog {
    if (this.log === null) {
      this.log = new ContainerLog();
      if (this.state === "exited") this.log.close(this.finishedAtMs);
    }
    return this.log;
  }

  usage(): ContainerUsage {
    const isRunning = this.state === "running";
    const { behaviour } = this.plan;
    const logBytes = this.log?.bytes ?? 0;
    return {
      cpuMilli: isRunning ? behaviour.cpuMilli : 0,
      memoryBytes: this.memoryBytes,
      diskBytes: behaviour.diskBytes,
      logBytes,
      inodes: behaviour.inodes,
      pids: isRunning ? behaviour.pids : 0,
    };
  }

  /** ms since it started; 0 when it does not run. */
  ageMs(): number {
    return this.state === "running" ? this.#host.due.now() - this.startedAt : 0;
  }

  cancelAll(): void {
    for (const entry of this.#due ?? []) this.#host.due.cancel(entry);
    this.#due = null;
  }

  #later(ms: number, run: () => void): void {
    if (ms <= 0) {
      run();
      return;
    }
    if (ms === Number.POSITIVE_INFINITY) return;
    this.#due ??= [];
    // What has run is dropped, so that a loop of sleeps does not pile up.
    if (this.#due.length > 8) this.#due = this.#due.filter((entry) => entry.index >= 0);
    this.#due.push(this.#host.due.after(ms, run));
  }

  #setMemory(bytes: number): void {
    if (this.state !== "running") return;
    const limit = containerAmount(this.spec, "limits", "memory");
    if (limit > 0 && bytes > limit) {
      this.finish(OOM_EXIT_CODE, "OOMKilled");
      return;
    }
    const change = bytes - this.memoryBytes;
    this.memoryBytes = bytes;
    this.#host.usage.memoryBytes += change;
    if (change > 0) this.#host.onGrowth();
  }

  #process(script: readonly string[]): Process {
    const world = this.#world ?? { hostname: "", env: new Map(), files: new Map(), lookup: NO_NAMES };
    this.written ??= new WrittenFiles();
    const shell = newShell({
      world,
      written: this.written,
      now: () => this.#host.wallMs(),
      unknown: this.plan.unknown,
    });
    return startProcess(shell, script, this.spec.stdin === true ? null : "");
  }

  /** Runs until the process waits or ends. */
  #play(process: Process, input: string | null): void {
    let answer = input;
    while (this.state === "running") {
      const next = process.next(answer);
      answer = null;
      if (next.done) {
        this.finish(next.value, next.value === 0 ? "Completed" : "Error");
        return;
      }
      const step = next.value;
      if (step.is === "print") this.print(step.to, toText(step.text));
      else if (step.is === "wait") {
        if (step.ms > 0) {
          this.#later(step.ms, () => this.#play(process, null));
          return;
        }
      } else {
        this.#reader = process;
        this.#resume();
        return;
      }
    }
  }

  /** Standard input of somebody who attached, in bytes; null: it ends. What the process does not read yet is kept. */
  feed(chunk: string | null): void {
    if (this.state !== "running" || this.plan.script === null) return;
    this.#input ??= [];
    if (this.#input.length < INPUT_CHUNKS_MAX) this.#input.push(chunk);
    this.#resume();
  }

  #resume(): void {
    const process = this.#reader;
    const chunk = this.#input?.shift();
    if (process === null || chunk === undefined) return;
    this.#reader = null;
    this.#play(process, chunk);
  }
}
