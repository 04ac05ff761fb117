// Finds nodes that the volumes of a Pod can be reached from, or be found or made for, and binds them before the Pod.
// The API's answer comes long after the decision: Reserve promises the volumes at once, PreBind writes and waits.
// Cost: PreFilter O(claims x volumes); Filter O(claims) where places match early, O(claims x fitting volumes) at worst.
// Source: kube-scheduler plugins/volumebinding/volume_binding.go.
import { present } from "../../../base/assert.js";
import type { NodeInfo } from "../../cache/node-info.js";
import type { PodInfo } from "../../cache/pod-info.js";
import type { VolumeBindingArgs } from "../../config/configuration.js";
import type { EventRegistration } from "../../framework/cluster-event.js";
import type { CloneableState, CycleState } from "../../framework/cycle-state.js";
import type { FrameworkHandle } from "../../framework/handle.js";
import type {
  FilterPlugin,
  PreBindPlugin,
  PreBindWork,
  PreFilterPlugin,
  PreFilterResult,
  PreScorePlugin,
  ReservePlugin,
  ScorePlugin,
} from "../../framework/plugin.js";
import { failure, SKIP, type Status, unresolvable } from "../../framework/status.js";
import { claimNotFound, isMadeFor, notMadeFor, type PodClaim, podClaims } from "../volume-claims.js";
import { Binder, type PodVolumeClaims, type PodVolumes, type ReservedVolumes } from "./binder.js";
import { bindingWork } from "./binding-work.js";
import { capacityScore } from "./capacity-score.js";
import { volumeEvents } from "./hints.js";

export const NAME = "VolumeBinding";

/** Shared by copies: preempting Pods changes nothing about volumes. */
class BindingState implements CloneableState {
  readonly byNode = new Map<string, PodVolumes>();
  reserved: ReservedVolumes | null = null;

  constructor(readonly claims: PodVolumeClaims) {}

  clone(): this {
    return this;
  }
}

export function createVolumeBinding(args: VolumeBindingArgs, handle: FrameworkHandle): VolumeBinding {
  return new VolumeBinding(args, handle);
}

class VolumeBinding
  implements PreFilterPlugin, FilterPlugin, PreScorePlugin, ScorePlugin, ReservePlugin, PreBindPlugin
{
  readonly name = NAME;
  readonly #args: VolumeBindingArgs;
  readonly #handle: FrameworkHandle;
  readonly #binder: Binder;

  constructor(args: VolumeBindingArgs, handle: FrameworkHandle) {
    this.#args = args;
    this.#handle = handle;
    this.#binder = new Binder(handle.objects);
  }

  preFilter(state: CycleState, pod: PodInfo): PreFilterResult {
    return { status: this.#preFilter(state, pod), nodeNames: null };
  }

  filter(state: CycleState, _pod: PodInfo, { name, node }: NodeInfo): Status | null {
    const { claims, byNode } = present(state.read<BindingState>(NAME), "VolumeBinding state");
    const found = this.#binder.find(claims, node);
    switch (found.kind) {
      case "volumes":
        byNode.set(name, found.volumes);
        return null;
      case "conflicts":
        return unresolvable(NAME, ...found.conflicts);
      case "error":
        return failure(NAME, found.message);
    }
  }

  preScore(): Status | null {
    return this.#args.shape === null ? SKIP : null;
  }

  score(state: CycleState, _pod: PodInfo, { name }: NodeInfo): number {
    const volumes = state.read<BindingState>(NAME)?.byNode.get(name);
    const { shape } = this.#args;
    return volumes === undefined || shape === null ? 0 : capacityScore(volumes, shape, this.#binder.sizeOf);
  }

  reserve(state: CycleState, _pod: PodInfo, nodeName: string): Status | null {
    const bindingState = state.read<BindingState>(NAME);
    const volumes = bindingState?.byNode.get(nodeName);
    if (bindingState === undefined || volumes === undefined) return null;
    if (volumes.bindings.length === 0 && volumes.provisions.length === 0) return null;
    const reserved = this.#binder.reserve(volumes, nodeName);
    if (typeof reserved === "string") return failure(NAME, reserved);
    bindingState.reserved = reserved;
    return null;
  }

  unreserve(state: CycleState): void {
    const bindingState = state.read<BindingState>(NAME);
    if (bindingState === undefined || bindingState.reserved === null) return;
    this.#binder.release(bindingState.reserved);
    bindingState.reserved = null;
  }

  preBind(state: CycleState, _pod: PodInfo, nodeName: string): PreBindWork | null {
    const reserved = state.read<BindingState>(NAME)?.reserved ?? null;
    if (reserved === null) return null;
    return bindingWork(reserved, this.#binder, {
      plugin: NAME,
      timeoutMs: this.#args.bindTimeoutSeconds * 1000,
      getNode: () => this.#handle.snapshot.get(nodeName)?.node,
      nodeName,
    });
  }

  eventsToRegister(): readonly EventRegistration[] {
    return volumeEvents(this.#binder.sizeOf);
  }

  #preFilter(state: CycleState, pod: PodInfo): Status | null {
    const named = podClaims(pod);
    if (named.length === 0) return SKIP;
    for (const claim of named) {
      const problem = this.#problemOf(claim, pod);
      if (problem !== null) return unresolvable(NAME, problem);
    }
    const claims = this.#binder.claimsOf(named);
    if (typeof claims === "string") return failure(NAME, claims);
    if (claims.hasImmediate) return unresolvable(NAME, "pod has unbound immediate PersistentVolumeClaims");
    state.write(NAME, new BindingState(claims));
    return null;
  }

  /** Why the Pod cannot use the claim, or null. */
  #problemOf(named: PodClaim, pod: PodInfo): string | null {
    const { name, key, isEphemeral } = named;
    const claim = this.#handle.objects.get("PersistentVolumeClaim", key);
    if (claim === undefined)
      return isEphemeral
        ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
        : claimNotFound(name);
    if (claim.status?.phase === "Lost")
      return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ""}"`;
    if (claim.metadata.deletionTimestamp !== undefined)
      return `persistentvolumeclaim "${name}" is being deleted`;
    return isEphemeral && !isMadeFor(claim, pod) ? notMadeFor(named, pod) : null;
  }
}
