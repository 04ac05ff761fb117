// Keeps the CSI volumes of a node within what its drivers can attach, as CSINode says per driver. A volume counts once
// however many Pods use it; in-tree volumes of migrated plugins count against the driver that serves them. Volumes yet
// to be provisioned count by their claim.
// Cost: Filter O(volumes of the Pods on the node + attachments there).
// Source: kube-scheduler plugins/nodevolumelimits/csi.go; gate VolumeLimitScaling off.
import type { CSINode, PersistentVolumeClaim, Volume, VolumeAttachment } from "../../../api/scheduling.js";
import type { NodeInfo } from "../../cache/node-info.js";
import type { PodInfo } from "../../cache/pod-info.js";
import { ACTION, type EventRegistration, type QueueingHintFn } from "../../framework/cluster-event.js";
import type { CycleState } from "../../framework/cycle-state.js";
import { holdsNode, podEvents } from "../../framework/event-objects.js";
import type { FrameworkHandle } from "../../framework/handle.js";
import type { FilterPlugin, PreFilterPlugin, PreFilterResult } from "../../framework/plugin.js";
import { failure, SKIP, type Status, unresolvable, unschedulable } from "../../framework/status.js";
import {
  type CsiVolume,
  csiVolumeOf,
  inTreeDriver,
  inTreePlugin,
  provisioningDriver,
  zonesLabelOf,
} from "../csi-migration.js";
import {
  claimNotFound,
  isMadeFor,
  notMadeFor,
  podClaims,
  storageClassOf,
  usesClaim,
} from "../volume-claims.js";

const NAME = "NodeVolumeLimits";
const EXCEEDED = unschedulable(NAME, "node(s) exceed max volume count");

/** "driver/handle" -> driver. */
type Volumes = Map<string, string>;

export function createNodeVolumeLimits(_args: unknown, handle: FrameworkHandle): NodeVolumeLimits {
  return new NodeVolumeLimits(handle);
}

class NodeVolumeLimits implements PreFilterPlugin, FilterPlugin {
  readonly name = NAME;
  readonly #handle: FrameworkHandle;
  /** By node, of the objects' generation in #indexedGeneration. */
  #attachments = new Map<string, VolumeAttachment[]>();
  #indexedGeneration = -1;

  constructor(handle: FrameworkHandle) {
    this.#handle = handle;
  }

  preFilter(_state: CycleState, pod: PodInfo): PreFilterResult {
    return { status: hasCountedVolume(pod) ? null : SKIP, nodeNames: null };
  }

  filter(_state: CycleState, pod: PodInfo, node: NodeInfo): Status | null {
    const csiNode = this.#handle.objects.get("CSINode", node.name);
    const wanted: Volumes = new Map();
    const broken = this.#collect(pod, csiNode, wanted, { isNew: true });
    if (broken !== null) return broken;
    const limits = limitsOf(csiNode);
    if (wanted.size === 0 || limits.size === 0) return null;

    const attached: Volumes = new Map();
    for (const other of node.pods) {
      const status = this.#collect(other, csiNode, attached, { isNew: false });
      if (status !== null) return status;
    }
    for (const volume of attached.keys()) wanted.delete(volume);
    for (const attachment of this.#attachmentsOf(node.name)) this.#collectAttachment(attachment, attached);
    const used = countByDriver(attached);
    for (const [driver, count] of countByDriver(wanted)) {
      const limit = limits.get(driver);
      if (limit !== undefined && (used.get(driver) ?? 0) + count > limit) return EXCEEDED;
    }
    return null;
  }

  eventsToRegister(): readonly EventRegistration[] {
    return [
      { resource: "CSINode", actions: ACTION.Add },
      { resource: "CSINode", actions: ACTION.Update, hint: afterCsiNodeUpdate },
      ...podEvents(ACTION.Delete, afterPodDelete),
      { resource: "PersistentVolumeClaim", actions: ACTION.Add, hint: afterClaimAdd },
      { resource: "VolumeAttachment", actions: ACTION.Delete, hint: afterAttachmentDelete },
    ];
  }

  /** Adds the Pod's volumes to `into`. A missing claim stops a new Pod; one that runs without it uses none. */
  #collect(
    pod: PodInfo,
    csiNode: CSINode | undefined,
    into: Volumes,
    { isNew }: { readonly isNew: boolean },
  ): Status | null {
    for (const volume of pod.pod.spec?.volumes ?? []) {
      if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined)
        add(into, inlineVolumeOf(volume, csiNode));
    }
    for (const named of podClaims(pod)) {
      if (named.name === "") return failure(NAME, "PersistentVolumeClaim had no name");
      const claim = this.#handle.objects.get("PersistentVolumeClaim", named.key);
      if (claim === undefined) {
        if (isNew) return unresolvable(NAME, `looking up PVC ${named.key}: ${claimNotFound(named.name)}`);
        continue;
      }
      if (named.isEphemeral && !isMadeFor(claim, pod)) return failure(NAME, notMadeFor(named, pod));
      add(into, this.#volumeOf(claim, named.key, csiNode));
    }
    return null;
  }

  #volumeOf(claim: PersistentVolumeClaim, key: string, csiNode: CSINode | undefined): CsiVolume | null {
    const { objects } = this.#handle;
    const volume = objects.get("PersistentVolume", claim.spec?.volumeName ?? "");
    if (volume !== undefined) return csiVolumeOf(volume.spec, csiNode, zonesLabelOf(volume));
    const storageClass = objects.get("StorageClass", storageClassOf(claim));
    const driver = storageClass === undefined ? null : provisioningDriver(storageClass.provisioner, csiNode);
    return driver === null || driver === "" ? null : { driver, handle: `to be provisioned for ${key}` };
  }

  /** Volumes still attached, or attached by others than Pods of this node. */
  #collectAttachment({ spec }: VolumeAttachment, into: Volumes): void {
    const volume = this.#handle.objects.get("PersistentVolume", spec.source.persistentVolumeName ?? "");
    if (spec.attacher !== "" && volume?.spec.csi !== undefined)
      add(into, { driver: spec.attacher, handle: volume.spec.csi.volumeHandle });
  }

  #attachmentsOf(nodeName: string): readonly VolumeAttachment[] {
    const { objects } = this.#handle;
    if (objects.count("VolumeAttachment") === 0) return [];
    if (this.#indexedGeneration !== objects.generation) {
      this.#indexedGeneration = objects.generation;
      this.#attachments = attachmentsByNode(objects.list("VolumeAttachment"));
    }
    return this.#attachments.get(nodeName) ?? [];
  }
}

function hasCountedVolume({ pod }: PodInfo): boolean {
  return (pod.spec?.volumes ?? []).some(
    (volume) =>
      volume.persistentVolumeClaim !== undefined ||
      volume.ephemeral !== undefined ||
      inTreePlugin(volume) !== null,
  );
}

/** A CSI volume written into the Pod itself is not attached, so it does not count. */
function inlineVolumeOf(volume: Volume, csiNode: CSINode | undefined): CsiVolume | null {
  return inTreePlugin(volume) === null ? null : csiVolumeOf(volume, csiNode);
}

function add(into: Volumes, volume: CsiVolume | null): void {
  if (volume !== null) into.set(`${volume.driver}/${volume.handle}`, volume.driver);
}

function countByDriver(volumes: Volumes): Map<string, number> {
  const counts = new Map<string, number>();
  for (const driver of volumes.values()) counts.set(driver, (counts.get(driver) ?? 0) + 1);
  return counts;
}

function attachmentsByNode(attachments: Iterable<VolumeAttachment>): Map<string, VolumeAttachment[]> {
  const byNode = new Map<string, VolumeAttachment[]>();
  for (const attachment of attachments) {
    const { nodeName } = attachment.spec;
    const onNode = byNode.get(nodeName);
    if (onNode === undefined) byNode.set(nodeName, [attachment]);
    else onNode.push(attachment);
  }
  return byNode;
}

function limitsOf(csiNode: CSINode | null | undefined): Map<string, number> {
  const limits = new Map<string, number>();
  for (const { name, allocatable } of csiNode?.spec.drivers ?? [])
    if (allocatable?.count !== undefined) limits.set(name, allocatable.count);
  return limits;
}

const afterCsiNodeUpdate: QueueingHintFn = (_pod, { before, after }) => {
  const was = limitsOf(before as CSINode);
  const grew = [...limitsOf(after as CSINode)].some(([driver, limit]) => limit > (was.get(driver) ?? 0));
  return grew ? "Queue" : "Skip";
};

const afterPodDelete: QueueingHintFn = (_pod, { before }) => {
  const deleted = before as PodInfo;
  return holdsNode(deleted.pod) && hasCountedVolume(deleted) ? "Queue" : "Skip";
};

const afterClaimAdd: QueueingHintFn = (pod, { after }) =>
  usesClaim(pod, after as PersistentVolumeClaim) ? "Queue" : "Skip";

const afterAttachmentDelete: QueueingHintFn = (pod, { before }) => {
  const { attacher } = (before as VolumeAttachment).spec;
  const helps = (pod.pod.spec?.volumes ?? []).some(
    (volume) => volume.persistentVolumeClaim !== undefined || inTreeDriver(volume) === attacher,
  );
  return helps ? "Queue" : "Skip";
};
