// The binding cycle: Pods that have a node and are on their way to it. Plugins that said Wait at Permit are waited for,
// then PreBind work is asked for and waited on, then the binding itself; scheduling goes on meanwhile.
//
//   wait ──► Permit ──► begin ──► volumes (PreBind work, if any) ──► bind ──► bound
//              │ rejection, timeout          │ timeout, failure        │ failure
//              └─ preemption ────────────────┴─────────────────────────┴────────► undone: the Pod is tried again
//
// Source: kube-scheduler schedule_one.go (bindingCycle).
import { present } from "../base/assert.js";
import type { PodInfo } from "./cache/pod-info.js";
import type { Framework } from "./cycle/framework.js";
import type { Extenders } from "./extender/extenders.js";
import type { Action } from "./framework/action.js";
import type { CycleState } from "./framework/cycle-state.js";
import type { PreBindWork } from "./framework/plugin.js";
import type { QueuedPod } from "./framework/queued-pod.js";
import { failure, type Status } from "./framework/status.js";
import { type PermitTimeouts, WaitingPodsMap } from "./waiting-pods.js";

/** A Pod between the decision and its binding. */
export interface Binding {
  readonly queued: QueuedPod;
  readonly pod: PodInfo;
  readonly nodeName: string;
  readonly framework: Framework;
  readonly state: CycleState;
  /** Stopwatch reading at the beginning of its scheduling cycle. */
  readonly begunMs: number;
  /** What must be done first; empty once the binding is asked for. */
  works: readonly PreBindWork[];
  /** Wall clock at which waiting for it ends. */
  deadlineMs: number;
}

/** A Pod waits no longer in Permit, or was stopped in PreBind. */
export interface EndedWait {
  readonly binding: Binding;
  /** null: all plugins have let it go. */
  readonly status: Status | null;
  /** When it began to wait in Permit; null when it was in PreBind. */
  readonly permitSinceMs: number | null;
}

export class Bindings {
  readonly waitingPods = new WaitingPodsMap();
  readonly #extenders: Extenders;
  readonly #act: (action: Action) => void;
  readonly #inFlight = new Map<string, Binding>();
  /** Of these, the ones that wait for PreBind work. */
  readonly #waiting = new Set<Binding>();
  /** The ones that were preempted while they did. */
  readonly #stopped: EndedWait[] = [];

  constructor(extenders: Extenders, act: (action: Action) => void) {
    this.#extenders = extenders;
    this.#act = act;
  }

  get count(): number {
    return this.#inFlight.size;
  }

  get(uid: string): Binding | undefined {
    return this.#inFlight.get(uid);
  }

  /** The binding is not to begin before each of these plugins has let the Pod go. */
  wait(binding: Binding, timeouts: PermitTimeouts, nowMs: number): void {
    const { pod, nodeName } = binding;
    this.#inFlight.set(pod.uid, binding);
    this.waitingPods.add({ pod, nodeName, sinceMs: nowMs }, timeouts);
  }

  /** Takes a Pod's node away, for a more important Pod; false when it is too late for that, or the Pod is none of these. */
  preempt(uid: string, plugin: string): boolean {
    const wait = this.waitingPods.get(uid);
    if (wait !== undefined) return wait.preempt(plugin, "preempted");
    const binding = this.#inFlight.get(uid);
    if (binding === undefined || !this.#waiting.delete(binding)) return false;
    const status = failure(plugin, "binding volumes: context canceled");
    this.#stopped.push({ binding, status, permitSinceMs: null });
    return true;
  }

  /** Whether there is something for takeEnded to give. */
  get hasEnded(): boolean {
    return this.waitingPods.hasDecided || this.#stopped.length > 0;
  }

  /** A wait that was ended from outside. Whether its binding goes on is the caller's to say. */
  takeEnded(): EndedWait {
    const stopped = this.#stopped.shift();
    if (stopped !== undefined) return stopped;
    const wait = present(this.waitingPods.takeDecided(), "an ended wait");
    const binding = present(this.#inFlight.get(wait.pod.uid), `binding of waiting Pod ${wait.pod.key}`);
    return { binding, status: wait.verdict, permitSinceMs: wait.sinceMs };
  }

  /** Starts PreBind or, when there is none to do, asks for the binding. A status: it failed at once. */
  begin(binding: Binding, nowMs: number): Status | null {
    const { framework, state, pod, nodeName } = binding;
    const works: PreBindWork[] = [];
    for (const plugin of framework.preBind) {
      const work = plugin.preBind(state, pod, nodeName);
      if (work === null) continue;
      if ("code" in work) return { ...work, plugin: plugin.name };
      works.push(work);
    }
    this.#inFlight.set(pod.uid, binding);
    if (works.length === 0) {
      this.#bind(binding);
      return null;
    }
    binding.works = works;
    binding.deadlineMs = nowMs + Math.min(...works.map(({ timeoutMs }) => timeoutMs));
    this.#waiting.add(binding);
    for (const { actions } of works) for (const action of actions) this.#act(action);
    return null;
  }

  /** Looks at what waits; returns those that failed, with the reason. */
  advance(nowMs: number): readonly { readonly binding: Binding; readonly status: Status }[] {
    if (this.#waiting.size === 0) return [];
    const failed: { binding: Binding; status: Status }[] = [];
    for (const binding of this.#waiting) {
      const outcome = this.#outcome(binding, nowMs);
      if (outcome === false) continue;
      this.#waiting.delete(binding);
      if (outcome === true) this.#bind(binding);
      else failed.push({ binding, status: outcome });
    }
    return failed;
  }

  /** When the next wait ends by itself; null when nothing waits. */
  nextDeadlineMs(): number | null {
    if (this.#waiting.size === 0 && this.waitingPods.size === 0) return null;
    const permitMs = this.waitingPods.nextDeadlineMs();
    const dueMs = Math.min(permitMs, ...[...this.#waiting].map(({ deadlineMs }) => deadlineMs));
    return dueMs === Number.POSITIVE_INFINITY ? null : dueMs;
  }

  /** The binding is over, well or not. */
  end(uid: string): Binding | undefined {
    const binding = this.#inFlight.get(uid);
    if (binding === undefined) return undefined;
    this.#inFlight.delete(uid);
    this.#waiting.delete(binding);
    return binding;
  }

  #outcome({ works, deadlineMs }: Binding, nowMs: number): boolean | Status {
    for (const work of works) {
      const outcome = work.isDone();
      if (outcome === true) continue;
      if (outcome !== false) return outcome;
      return nowMs >= deadlineMs ? failure("", "binding volumes: context deadline exceeded") : false;
    }
    return true;
  }

  #bind(binding: Binding): void {
    const { framework, state, pod, nodeName } = binding;
    binding.works = [];
    const binder = this.#extenders.isEmpty ? null : this.#extenders.binder(pod);
    if (binder !== null) {
      const { namespace, uid } = pod;
      const { name } = pod.pod.metadata;
      this.#act({ kind: "bind", namespace, name, uid, nodeName, extender: binder.urlPrefix });
      return;
    }
    for (const plugin of framework.bind) {
      const action = plugin.bind(state, pod, nodeName);
      if (action === null) continue;
      this.#act(action);
      return;
    }
  }
}
