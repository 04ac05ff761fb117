// Keeps a Pod in the zones and regions of its volumes, as labels on the PersistentVolumes name them. A node without any
// such label takes every volume: it belongs to a cluster of one zone.
// Cost: PreFilter O(claims); Filter O(labelled volumes).
// Source: kube-scheduler plugins/volumezone/volume_zone.go.
import { present } from "../../../base/assert.js";
import {
  LABEL_REGION,
  LABEL_REGION_BETA,
  LABEL_ZONE_BETA,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
} from "../../../api/scheduling.js";
import { LABEL_ZONE } from "../../../api/types.js";
import type { NodeInfo } from "../../cache/node-info.js";
import type { PodInfo } from "../../cache/pod-info.js";
import { ACTION, type EventRegistration, type QueueingHintFn } from "../../framework/cluster-event.js";
import type { CloneableState, CycleState } from "../../framework/cycle-state.js";
import type { FrameworkHandle } from "../../framework/handle.js";
import type { FilterPlugin, PreFilterPlugin, PreFilterResult } from "../../framework/plugin.js";
import { SKIP, type Status, unresolvable } from "../../framework/status.js";
import { claimNotFound, podClaims, storageClassOf } from "../volume-claims.js";

const NAME = "VolumeZone";
const CONFLICT = unresolvable(NAME, "node(s) had no available volume zone");
const TOPOLOGY_LABELS = [LABEL_ZONE_BETA, LABEL_REGION_BETA, LABEL_ZONE, LABEL_REGION];
/** Where a volume carries the old label and the node only the new one. */
const SUCCESSORS: Readonly<Record<string, string>> = {
  [LABEL_ZONE_BETA]: LABEL_ZONE,
  [LABEL_REGION_BETA]: LABEL_REGION,
};
const ZONES_DELIMITER = "__";

/** One label of one volume: the node's value must be among these. */
interface Topology {
  readonly key: string;
  readonly values: ReadonlySet<string>;
}

class ZoneState implements CloneableState {
  constructor(readonly topologies: readonly Topology[]) {}

  clone(): this {
    return this;
  }
}

export function createVolumeZone(_args: unknown, handle: FrameworkHandle): VolumeZone {
  return new VolumeZone(handle);
}

class VolumeZone implements PreFilterPlugin, FilterPlugin {
  readonly name = NAME;
  readonly #handle: FrameworkHandle;

  constructor(handle: FrameworkHandle) {
    this.#handle = handle;
  }

  preFilter(state: CycleState, pod: PodInfo): PreFilterResult {
    const topologies: Topology[] = [];
    for (const claim of podClaims(pod)) {
      if (claim.isEphemeral) continue;
      const found = this.#topologies(claim.name, claim.key);
      if (!Array.isArray(found)) return { status: found, nodeNames: null };
      topologies.push(...found);
    }
    if (topologies.length === 0) return { status: SKIP, nodeNames: null };
    state.write(NAME, new ZoneState(topologies));
    return { status: null, nodeNames: null };
  }

  filter(state: CycleState, _pod: PodInfo, { node }: NodeInfo): Status | null {
    const labels = node.metadata.labels ?? {};
    if (!TOPOLOGY_LABELS.some((key) => labels[key] !== undefined)) return null;
    const { topologies } = present(state.read<ZoneState>(NAME), "VolumeZone state");
    for (const { key, values } of topologies) {
      const value = labels[key] ?? labels[SUCCESSORS[key] ?? key];
      if (value === undefined || !values.has(value)) return CONFLICT;
    }
    return null;
  }

  eventsToRegister(): readonly EventRegistration[] {
    return [
      { resource: "StorageClass", actions: ACTION.Add, hint: afterStorageClassAdd },
      { resource: "Node", actions: ACTION.Add | ACTION.UpdateNodeLabel },
      { resource: "PersistentVolumeClaim", actions: ACTION.Add | ACTION.Update, hint: afterClaimChange },
      { resource: "PersistentVolume", actions: ACTION.Add | ACTION.Update, hint: afterVolumeChange },
    ];
  }

  /** Of the volume the claim is bound to; none while a WaitForFirstConsumer claim is unbound. */
  #topologies(name: string, key: string): Topology[] | Status {
    const { objects } = this.#handle;
    if (name === "") return unresolvable(NAME, "PersistentVolumeClaim had no name");
    const claim = objects.get("PersistentVolumeClaim", key);
    if (claim === undefined) return unresolvable(NAME, claimNotFound(name));
    const volumeName = claim.spec?.volumeName ?? "";
    if (volumeName === "") return this.#unbound(claim);
    const volume = objects.get("PersistentVolume", volumeName);
    if (volume === undefined) return unresolvable(NAME, `persistentvolume "${volumeName}" not found`);
    return topologiesOf(volume);
  }

  #unbound(claim: PersistentVolumeClaim): Topology[] | Status {
    const name = storageClassOf(claim);
    if (name === "") return unresolvable(NAME, "PersistentVolumeClaim had no pv name and storageClass name");
    const storageClass = this.#handle.objects.get("StorageClass", name);
    if (storageClass === undefined)
      return unresolvable(NAME, `storageclass.storage.k8s.io "${name}" not found`);
    const { volumeBindingMode: mode } = storageClass;
    if (mode === undefined) return unresolvable(NAME, `VolumeBindingMode not set for StorageClass "${name}"`);
    return mode === "WaitForFirstConsumer" ? [] : unresolvable(NAME, "PersistentVolume had no name");
  }
}

/** Labels that name an empty zone are ignored. */
function topologiesOf({ metadata: { labels } }: PersistentVolume): Topology[] {
  const topologies: Topology[] = [];
  for (const key of TOPOLOGY_LABELS) {
    const values = labels?.[key]?.split(ZONES_DELIMITER).map((value) => value.trim());
    if (values !== undefined && !values.includes("")) topologies.push({ key, values: new Set(values) });
  }
  return topologies;
}

/** The binding mode cannot change later: only a new class helps. */
const afterStorageClassAdd: QueueingHintFn = (_pod, { after }) =>
  (after as StorageClass).volumeBindingMode === "WaitForFirstConsumer" ? "Queue" : "Skip";

const afterClaimChange: QueueingHintFn = (pod, { after }) => {
  const { name, namespace } = (after as PersistentVolumeClaim).metadata;
  const isUsed = podClaims(pod).some(
    (claim) => !claim.isEphemeral && claim.name === name && pod.namespace === (namespace ?? "default"),
  );
  return isUsed ? "Queue" : "Skip";
};

const afterVolumeChange: QueueingHintFn = (_pod, { before, after }) => {
  const was = before as PersistentVolume | null;
  const is = after as PersistentVolume;
  const isSame =
    was !== null && TOPOLOGY_LABELS.every((key) => was.metadata.labels?.[key] === is.metadata.labels?.[key]);
  return isSame ? "Skip" : "Queue";
};
