// The probes of one Pod: an entry in the shared heap for each, nothing while a container does not run.
// Source: kubernetes pkg/kubelet/prober/worker.go, prober_manager.go.
import type { DueEntry, DueTimes } from "../due-times.js";
import { type Container, isSidecar, type PodSpec, type Probe } from "../pod/pod.js";
import type { SimContainer } from "../runtime/sim-container.js";
import {
  countResult,
  INITIAL_VERDICT,
  PROBE_KINDS,
  type ProbeKind,
  type ProbeRun,
  type ProbeTiming,
  probeTiming,
  verdictOf,
} from "./probe-counter.js";
import type { ProbeResult } from "./run-probe.js";

export interface ProbeHost {
  readonly due: DueTimes;
  /** Asks the container. */
  run(kind: ProbeKind, probe: Probe, container: SimContainer): ProbeResult | Promise<ProbeResult>;
  /** A single result was bad. */
  onFailure(kind: ProbeKind, container: SimContainer, output: string): void;
  /** A verdict changed. */
  onVerdict(): void;
}

interface Prober {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly timing: ProbeTiming;
  readonly container: SimContainer;
  run: ProbeRun | null;
  verdict: boolean | null;
  entry: DueEntry | null;
  isOver: boolean;
}

export class PodProbes {
  readonly #host: ProbeHost;
  #probers: Prober[] = [];

  /** @returns null for a Pod without probes */
  static of(spec: PodSpec, host: ProbeHost): PodProbes | null {
    const all = [...spec.containers, ...(spec.initContainers ?? []).filter(isSidecar)];
    return all.some((container) => PROBE_KINDS.some((kind) => probeOf(container, kind) !== undefined))
      ? new PodProbes(host)
      : null;
  }

  private constructor(host: ProbeHost) {
    this.#host = host;
  }

  /** A new instance of a container runs: what was known of the one before is forgotten. */
  started(container: SimContainer): void {
    this.#stop((prober) => prober.container.name === container.name);
    for (const kind of PROBE_KINDS) {
      const probe = probeOf(container.spec, kind);
      if (probe === undefined) continue;
      const prober: Prober = {
        kind,
        probe,
        timing: probeTiming(probe),
        container,
        run: null,
        verdict: INITIAL_VERDICT[kind],
        entry: null,
        isOver: false,
      };
      this.#probers.push(prober);
      prober.entry = this.#host.due.after(prober.timing.initialDelayMs, () => this.#tick(prober));
    }
  }

  /** The Pod is going: liveness and startup do not matter any more, readiness is asked on. */
  terminating(): void {
    this.#stop((prober) => prober.kind !== "readiness");
  }

  stop(): void {
    this.#stop(() => true);
  }

  isReady(container: string): boolean {
    return this.#find(container, "readiness")?.verdict ?? true;
  }

  hasStarted(container: string): boolean {
    const prober = this.#find(container, "startup");
    return prober === undefined || prober.verdict === true;
  }

  failed(container: string): "liveness" | "startup" | null {
    if (this.#find(container, "liveness")?.verdict === false) return "liveness";
    return this.#find(container, "startup")?.verdict === false ? "startup" : null;
  }

  #find(container: string, kind: ProbeKind): Prober | undefined {
    return this.#probers.find((prober) => prober.kind === kind && prober.container.name === container);
  }

  #stop(which: (prober: Prober) => boolean): void {
    for (const prober of this.#probers.filter(which)) {
      prober.isOver = true;
      this.#host.due.cancel(prober.entry);
    }
    this.#probers = this.#probers.filter((prober) => !prober.isOver);
  }

  #tick(prober: Prober): void {
    prober.entry = null;
    const { container, kind } = prober;
    if (prober.isOver || container.state !== "running") return;
    if (kind !== "startup" && !this.hasStarted(container.name)) {
      this.#again(prober);
      return;
    }
    const result = this.#host.run(kind, prober.probe, container);
    if (result instanceof Promise) void result.then((each) => this.#take(prober, each));
    else this.#take(prober, result);
  }

  #take(prober: Prober, result: ProbeResult): void {
    if (prober.isOver || prober.container.state !== "running") return;
    if (!result.isSuccess) this.#host.onFailure(prober.kind, prober.container, result.output);
    prober.run = countResult(prober.run, result.isSuccess);
    const verdict = verdictOf(prober.run, prober.timing);
    const hasChanged = verdict !== null && verdict !== prober.verdict;
    if (hasChanged) prober.verdict = verdict;
    // A startup probe has done its work; a container that is to be killed is left alone until the next one runs.
    const isDone =
      verdict !== null && (prober.kind === "startup" || (prober.kind === "liveness" && !verdict));
    if (!isDone) this.#again(prober);
    if (prober.kind === "startup" && verdict === true) this.#hurry(prober.container);
    if (hasChanged) this.#host.onVerdict();
  }

  /** Others waited for the startup probe: they need not wait for their period too. */
  #hurry(container: SimContainer): void {
    for (const prober of this.#probers) {
      if (prober.container !== container || prober.kind === "startup" || prober.entry === null) continue;
      if (container.ageMs() < prober.timing.initialDelayMs) continue;
      this.#host.due.cancel(prober.entry);
      prober.entry = this.#host.due.after(0, () => this.#tick(prober));
    }
  }

  #again(prober: Prober): void {
    if (prober.isOver) return;
    prober.entry = this.#host.due.after(prober.timing.periodMs, () => this.#tick(prober));
  }
}

function probeOf(container: Container, kind: ProbeKind): Probe | undefined {
  return kind === "startup"
    ? container.startupProbe
    : kind === "liveness"
      ? container.livenessProbe
      : container.readinessProbe;
}
