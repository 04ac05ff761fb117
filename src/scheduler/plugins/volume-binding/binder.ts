// Decides which volumes a Pod's claims get on a node, and promises them until the API says so.
// Claims fall into three: bound (the volume's place limits the nodes), unbound of a class that waits for a consumer
// (matched or provisioned here), and unbound otherwise (someone else binds them; the Pod must wait).
// Source: kube-scheduler plugins/volumebinding/binder.go.
import { quantityValue } from "../../../api/quantity.js";
import type { CSIStorageCapacity, PersistentVolume, PersistentVolumeClaim } from "../../../api/scheduling.js";
import type { Node } from "../../../api/types.js";
import { present } from "../../../base/assert.js";
import type { ObjectLister } from "../../objects.js";
import { volumeAffinity } from "../csi-migration.js";
import { type PodClaim, storageClassOf } from "../volume-claims.js";
import { AssumeCache, type Change } from "./assume-cache.js";
import { boundTo, type Candidates, candidatesFor, pickVolume, type SizeOf } from "./match-volume.js";
import { matchesVolumeAffinity } from "./node-topology.js";
import { askProvisioning, planProvisioning, type ProvisioningPlan } from "./provisioning.js";

export const SELECTED_NODE = "volume.kubernetes.io/selected-node";
const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";

/** In the order in which a node's are told. */
const CONFLICTS = [
  "node(s) didn't match PersistentVolume's node affinity",
  "node(s) didn't find available persistent volumes to bind",
  "node(s) did not have enough free storage",
  "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
] as const;
export type Conflict = (typeof CONFLICTS)[number];
const [NODE_CONFLICT, BIND_CONFLICT, NO_SPACE, NO_VOLUME] = CONFLICTS;

export interface UnboundClaim {
  readonly claim: PersistentVolumeClaim;
  /** Where an earlier attempt asked for a volume; "" for nowhere. */
  readonly selectedNode: string;
  readonly candidates: Candidates;
  readonly plan: ProvisioningPlan | string;
}

/** What does not hang on the node. */
export interface PodVolumeClaims {
  /** Volumes of the bound claims; undefined where it is gone. */
  readonly boundVolumes: readonly (PersistentVolume | undefined)[];
  /** By increasing size, so that large volumes are left for large claims. */
  readonly unbound: readonly UnboundClaim[];
  /** Whether a claim must be bound by someone else first. */
  readonly hasImmediate: boolean;
}

export interface StaticBinding {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
}

export interface Provision {
  readonly claim: PersistentVolumeClaim;
  readonly capacity: CSIStorageCapacity | null;
}

/** What the Pod's claims get on one node. */
export interface PodVolumes {
  readonly bindings: readonly StaticBinding[];
  readonly provisions: readonly Provision[];
}

/** What is promised to a Pod until it is bound. */
export interface ReservedVolumes {
  readonly bindings: readonly {
    readonly claim: PersistentVolumeClaim;
    readonly volume: Change<PersistentVolume>;
  }[];
  readonly provisions: readonly Change<PersistentVolumeClaim>[];
}

export type Found =
  | { readonly kind: "volumes"; readonly volumes: PodVolumes }
  | { readonly kind: "conflicts"; readonly conflicts: readonly Conflict[] }
  | { readonly kind: "error"; readonly message: string };

export class Binder {
  readonly volumes: AssumeCache<"PersistentVolume">;
  readonly claims: AssumeCache<"PersistentVolumeClaim">;
  readonly #objects: ObjectLister;
  /** Clusters write few distinct sizes. */
  readonly #sizes = new Map<string | number, number>();

  constructor(objects: ObjectLister) {
    this.#objects = objects;
    this.volumes = new AssumeCache("PersistentVolume", objects);
    this.claims = new AssumeCache("PersistentVolumeClaim", objects);
  }

  readonly sizeOf: SizeOf = (quantity) => {
    if (quantity === undefined) return 0;
    let bytes = this.#sizes.get(quantity);
    if (bytes === undefined) {
      bytes = quantityValue(quantity) ?? 0;
      this.#sizes.set(quantity, bytes);
    }
    return bytes;
  };

  /**
   * @param named claims that are there
   * @returns a text when one cannot be judged
   */
  claimsOf(named: readonly PodClaim[]): PodVolumeClaims | string {
    const boundVolumes: (PersistentVolume | undefined)[] = [];
    const waiting: PersistentVolumeClaim[] = [];
    let hasImmediate = false;
    for (const { key } of named) {
      const claim = present(this.claims.get(key), `claim ${key}`);
      const volumeName = claim.spec?.volumeName ?? "";
      if (isFullyBound(claim)) {
        boundVolumes.push(this.volumes.get(volumeName));
        continue;
      }
      const waits = this.#waitsForConsumer(claim);
      if (typeof waits === "string") return waits;
      // A claim bound by name to a volume is completed by the volume controller, whatever its class.
      if (waits && volumeName === "") waiting.push(claim);
      else hasImmediate = true;
    }
    const unbound = waiting.map((claim) => this.#unbound(claim));
    const bytes = ({ claim }: UnboundClaim) => this.sizeOf(claim.spec?.resources?.requests?.["storage"]);
    unbound.sort((a, b) => bytes(a) - bytes(b));
    return { boundVolumes, unbound, hasImmediate };
  }

  /** @param claims without immediate ones */
  find({ boundVolumes, unbound }: PodVolumeClaims, node: Node): Found {
    const boundConflict = this.#boundConflict(boundVolumes, node);
    const found = findUnbound(unbound, node);
    if (found.kind === "error") return found;
    if (boundConflict === null) return found;
    const others = found.kind === "conflicts" ? found.conflicts : [];
    const conflicts = CONFLICTS.filter((each) => each === boundConflict || others.includes(each));
    return { kind: "conflicts", conflicts };
  }

  /** @returns what is now promised, or a text why nothing is */
  reserve({ bindings, provisions }: PodVolumes, nodeName: string): ReservedVolumes | string {
    const reserved: ReservedVolumes = {
      bindings: bindings.map(({ claim, volume }) => ({ claim, volume: boundTo(volume, claim) })),
      provisions: provisions.map(({ claim }) => selectedFor(claim, nodeName)),
    };
    for (const { volume } of reserved.bindings) {
      const problem = volume.before === volume.after ? null : this.volumes.assume(volume);
      if (problem !== null) return this.#giveUp(reserved, problem);
    }
    for (const claim of reserved.provisions) {
      const problem = this.claims.assume(claim);
      if (problem !== null) return this.#giveUp(reserved, problem);
    }
    return reserved;
  }

  release({ bindings, provisions }: ReservedVolumes): void {
    for (const { volume } of bindings) this.volumes.restore(volume);
    for (const claim of provisions) this.claims.restore(claim);
  }

  /** Whether the node's labels let it reach the volume. */
  reaches(node: Node, volume: PersistentVolume): boolean {
    const csiNode = this.#objects.get("CSINode", node.metadata.name);
    return matchesVolumeAffinity(node, volumeAffinity(volume, csiNode));
  }

  #giveUp(reserved: ReservedVolumes, problem: string): string {
    this.release(reserved);
    return problem;
  }

  /** The first claim that does not fit decides. */
  #boundConflict(volumes: PodVolumeClaims["boundVolumes"], node: Node): Conflict | null {
    for (const volume of volumes) {
      if (volume === undefined) return NO_VOLUME;
      if (!this.reaches(node, volume)) return NODE_CONFLICT;
    }
    return null;
  }

  #waitsForConsumer(claim: PersistentVolumeClaim): boolean | string {
    const name = storageClassOf(claim);
    const storageClass = name === "" ? undefined : this.#objects.get("StorageClass", name);
    if (storageClass === undefined) return false;
    const { volumeBindingMode: mode } = storageClass;
    if (mode === undefined) return `VolumeBindingMode not set for StorageClass "${name}"`;
    return mode === "WaitForFirstConsumer";
  }

  #unbound(claim: PersistentVolumeClaim): UnboundClaim {
    return {
      claim,
      selectedNode: claim.metadata.annotations?.[SELECTED_NODE] ?? "",
      candidates: candidatesFor(claim, this.volumes.list(), this.sizeOf),
      plan: planProvisioning(claim, this.#objects, this.sizeOf),
    };
  }
}

/** Bound on both sides, and the volume controller has finished. */
export function isFullyBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return (spec?.volumeName ?? "") !== "" && metadata.annotations?.[BIND_COMPLETED] !== undefined;
}

function findUnbound(unbound: readonly UnboundClaim[], node: Node): Found {
  const isElsewhere = ({ selectedNode }: UnboundClaim) =>
    selectedNode !== "" && selectedNode !== node.metadata.name;
  if (unbound.some(isElsewhere)) return { kind: "conflicts", conflicts: [BIND_CONFLICT] };
  const bindings: StaticBinding[] = [];
  const toProvision = unbound.filter(({ selectedNode }) => selectedNode !== "");
  const taken = new Set<string>();
  for (const each of unbound) {
    if (each.selectedNode !== "") continue;
    const volume = pickVolume(each.candidates, node, taken);
    if (volume === null) {
      toProvision.push(each);
      continue;
    }
    taken.add(volume.metadata.name);
    bindings.push({ claim: each.claim, volume });
  }
  const provisions: Provision[] = [];
  for (const { claim, plan } of toProvision) {
    if (typeof plan === "string") return { kind: "error", message: plan };
    const answer = askProvisioning(plan, node);
    if (answer.kind === "unsupported") return { kind: "conflicts", conflicts: [BIND_CONFLICT] };
    if (answer.kind === "noSpace") return { kind: "conflicts", conflicts: [NO_SPACE] };
    provisions.push({ claim, capacity: answer.capacity });
  }
  return { kind: "volumes", volumes: { bindings, provisions } };
}

/** The claim with the annotation that tells the provisioner where to make its volume. */
function selectedFor(claim: PersistentVolumeClaim, nodeName: string): Change<PersistentVolumeClaim> {
  const { metadata } = claim;
  if (metadata.annotations?.[SELECTED_NODE] === nodeName) return { before: claim, after: claim };
  const annotations = { ...metadata.annotations, [SELECTED_NODE]: nodeName };
  return { before: claim, after: { ...claim, metadata: { ...metadata, annotations } } };
}
