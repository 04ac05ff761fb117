// Makes room for a Pod that fits nowhere by deleting Pods of lower priority, and keeps it out of the queue meanwhile.
// With asynchronous preemption the scheduler goes on while the deletions are sent, so the Pod could be tried again
// before there is room, and preempt twice: it stays gated until `deletionsSent`.
// Source: kube-scheduler plugins/defaultpreemption/default_preemption.go, framework/preemption/executor.go.
import type { PodInfo } from "../../cache/pod-info.js";
import type { DefaultPreemptionArgs } from "../../config/configuration.js";
import { ACTION, type EventRegistration } from "../../framework/cluster-event.js";
import type { CycleState } from "../../framework/cycle-state.js";
import { podEvents } from "../../framework/event-objects.js";
import type { FrameworkHandle } from "../../framework/handle.js";
import type {
  NodeStatuses,
  PostFiltering,
  PostFilterPlugin,
  PostFilterResult,
  PreEnqueuePlugin,
} from "../../framework/plugin.js";
import { type Status, unresolvable } from "../../framework/status.js";
import { clearNominations, deletionActions, type PreemptInMemory } from "./actuation.js";
import type { Candidate } from "./candidates.js";
import { choosePreemption, findPreemptions, NAME, type Refusal, type TrimVictims } from "./preemption.js";

export { NAME };

export interface DefaultPreemptionOptions {
  /** Gate SchedulerAsyncPreemption. */
  readonly asyncPreemption: boolean;
  /** null: no extender takes part in preemption. */
  readonly trimVictims: TrimVictims | null;
  /** For victims that wait in Permit or PreBind. */
  readonly preemptInMemory: PreemptInMemory;
}

const GATED = unresolvable(NAME, "waiting for the preemption for this pod to be finished");

export function createDefaultPreemption(
  args: DefaultPreemptionArgs,
  handle: FrameworkHandle,
  options: DefaultPreemptionOptions,
): DefaultPreemption {
  return new DefaultPreemption(args, handle, options);
}

class DefaultPreemption implements PreEnqueuePlugin, PostFilterPlugin {
  readonly name = NAME;
  readonly #args: DefaultPreemptionArgs;
  readonly #handle: FrameworkHandle;
  readonly #options: DefaultPreemptionOptions;
  /** uids of Pods whose deletions are being sent. */
  readonly #preempting = new Set<string>();

  constructor(args: DefaultPreemptionArgs, handle: FrameworkHandle, options: DefaultPreemptionOptions) {
    this.#args = args;
    this.#handle = handle;
    this.#options = options;
  }

  preEnqueue({ uid }: PodInfo): Status | null {
    return this.#preempting.has(uid) ? GATED : null;
  }

  *postFilter(state: CycleState, pod: PodInfo, statuses: NodeStatuses): PostFiltering {
    const { trimVictims } = this.#options;
    const found = findPreemptions(this.#handle, { state, pod, statuses, args: this.#args });
    if (found.kind === "refuse") return refused(found);
    const left = trimVictims === null ? found.candidates : yield* trimVictims(pod, found.candidates);
    const decision = choosePreemption(left, this.#handle.now());
    if (decision.kind === "refuse") return refused(decision);
    const { candidate } = decision;
    return { nominatedNodeName: candidate.nodeName, status: null, actions: this.#actuate(pod, candidate) };
  }

  /**
   * Lets the Pod with this uid into the queue again. To be called when the last of its deletions is sent, before its
   * effect is told: the event of that deletion is what brings the Pod back. When a deletion fails, too; then the Pod
   * must be activated.
   */
  deletionsSent(uid: string): void {
    this.#preempting.delete(uid);
  }

  /** Registered to lift the gate, never to queue: the plugins that turned the Pod down know which deletion helps. */
  eventsToRegister(): readonly EventRegistration[] {
    return this.#options.asyncPreemption ? podEvents(ACTION.Delete, () => "Skip") : [];
  }

  #actuate(pod: PodInfo, candidate: Candidate): PostFilterResult["actions"] {
    const { asyncPreemption, preemptInMemory } = this.#options;
    const deletions = deletionActions(pod, candidate, preemptInMemory);
    const nominated = this.#handle.nominated.nominatedOn(candidate.nodeName);
    const clearing = clearNominations(pod, nominated);
    if (!asyncPreemption) return [...deletions, ...clearing];
    // Victims taken back in memory are gone at once.
    if (deletions.some(({ kind }) => kind === "deletePod")) this.#preempting.add(pod.uid);
    return [...clearing, ...deletions];
  }
}

function refused({ status, clearsNomination }: Refusal): PostFilterResult {
  return { nominatedNodeName: clearsNomination ? "" : null, status, actions: [] };
}
