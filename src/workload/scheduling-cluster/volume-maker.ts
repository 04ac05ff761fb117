// Random claims in every state that a scheduler tells apart, with the volumes behind them.
// Volumes of one class all differ in size, because of equal ones upstream takes any.
import {
  LABEL_HOSTNAME,
  LABEL_REGION,
  type NodeSelector,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type PersistentVolumeClaimSpec,
  type PersistentVolumeSpec,
  type VolumeAttachment,
} from "../../api/scheduling.js";
import { LABEL_ZONE, type ObjectMeta } from "../../api/types.js";
import type { Prng } from "../../base/prng.js";
import { between, type Labels, oneIn, some, ZONES } from "./draws.js";
import { DRIVER } from "./storage-objects.js";

/** How a claim is called, and who owns it. */
export type ClaimMeta = Pick<ObjectMeta, "name" | "ownerReferences"> & { readonly namespace: string };

const BIND_COMPLETED = { "pv.kubernetes.io/bind-completed": "yes" };
/** A version is needed where a scheduler assumes a change of an object. */
const RESOURCE_VERSION = "7";
const CLASSES_THAT_WAIT = ["made", "zonal", "tracked"];

/** Makes claims and the volumes behind them, and keeps all it made. */
export class VolumeMaker {
  readonly volumes: PersistentVolume[] = [];
  readonly claims: PersistentVolumeClaim[] = [];
  readonly #prng: Prng;
  readonly #nodeNames: readonly string[];

  constructor(prng: Prng, nodeNames: readonly string[]) {
    this.#prng = prng;
    this.#nodeNames = nodeNames;
  }

  /** A claim in any state. */
  claim(meta: ClaimMeta): void {
    const prng = this.#prng;
    switch (prng.below(9)) {
      case 0:
      case 1:
        this.boundClaim(meta);
        return;
      case 2:
        this.#bind(meta, "ReadWriteOnce", this.#labelledVolume());
        return;
      case 3:
      case 4:
        for (const name of some(prng, this.#nodeNames, between(prng, 1, 12))) this.#localVolume(name);
        this.#claim(meta, { storageClassName: "local" });
        return;
      case 5:
      case 6:
      case 7:
        this.#claim(meta, { storageClassName: prng.pick(CLASSES_THAT_WAIT) });
        return;
      default:
        this.#deadEnd(meta);
    }
  }

  /** A claim that a running Pod can have. */
  boundClaim(meta: ClaimMeta): void {
    const inZone = { key: LABEL_ZONE, operator: "In" as const, values: [this.#prng.pick(ZONES)] };
    const mode = oneIn(this.#prng, 5) ? "ReadWriteOncePod" : "ReadWriteOnce";
    this.#bind(meta, mode, { nodeAffinity: { required: matching(inZone) } });
  }

  /** Volumes that are attached to nodes without a Pod that uses them. */
  attachments(): VolumeAttachment[] {
    const attached = this.volumes.filter(() => oneIn(this.#prng, 4));
    return attached.map(({ metadata: { name } }) => ({
      apiVersion: "storage.k8s.io/v1",
      kind: "VolumeAttachment",
      metadata: { name: `attach-${name}` },
      spec: {
        attacher: DRIVER,
        nodeName: this.#prng.pick(this.#nodeNames),
        source: { persistentVolumeName: name },
      },
    }));
  }

  /** Nobody will bind it in time, or its volume is gone. */
  #deadEnd(meta: ClaimMeta): void {
    const gone = { volumeName: "gone", storageClassName: "made" };
    switch (this.#prng.below(3)) {
      case 0:
        this.#claim(meta, { storageClassName: "immediate" });
        return;
      case 1:
        this.#claim(meta, gone, { phase: "Lost" });
        return;
      default:
        this.#claim(meta, gone, { phase: "Bound" });
    }
  }

  #bind(meta: ClaimMeta, mode: string, volume: { readonly labels?: Labels } & PersistentVolumeSpec): void {
    const { name, namespace } = meta;
    const { labels = {}, ...spec } = volume;
    const claimRef = { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid: uidOf(meta) };
    const bound = { accessModes: [mode], storageClassName: "made", claimRef, ...spec };
    const volumeName = this.#volume(bound, labels);
    this.#claim(meta, { storageClassName: "made", volumeName, accessModes: [mode] }, { phase: "Bound" });
  }

  /** Its place is told by labels, as volumes of old do. */
  #labelledVolume(): { readonly labels: Labels } {
    const zone = oneIn(this.#prng, 3) ? "z1__z2" : this.#prng.pick(ZONES);
    const region: Labels = oneIn(this.#prng, 3) ? { [LABEL_REGION]: "east" } : {};
    return { labels: { [LABEL_ZONE]: zone, ...region } };
  }

  #localVolume(nodeName: string): void {
    const onNode = { key: LABEL_HOSTNAME, operator: "In" as const, values: [nodeName] };
    const nodeAffinity = { required: matching(onNode) };
    this.#volume({ accessModes: ["ReadWriteOnce"], storageClassName: "local", nodeAffinity });
  }

  #volume(spec: PersistentVolumeSpec, labels: Labels = {}): string {
    const index = this.volumes.length;
    const name = `pv-${index}`;
    this.volumes.push({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name, labels, resourceVersion: RESOURCE_VERSION },
      spec: {
        capacity: { storage: `${5 * 1024 + index}Mi` },
        csi: { driver: DRIVER, volumeHandle: name },
        ...spec,
      },
      status: { phase: spec.claimRef === undefined ? "Available" : "Bound" },
    });
    return name;
  }

  #claim(meta: ClaimMeta, spec: PersistentVolumeClaimSpec, { phase } = { phase: "Pending" }): void {
    const storage = `${between(this.#prng, 1, 5)}Gi`;
    const annotations = phase === "Pending" ? {} : { annotations: BIND_COMPLETED };
    this.claims.push({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { ...meta, uid: uidOf(meta), resourceVersion: RESOURCE_VERSION, ...annotations },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } }, ...spec },
      status: { phase },
    });
  }
}

function uidOf({ name, namespace }: ClaimMeta): string {
  return `uid-${namespace}-${name}`;
}

function matching(
  ...matchExpressions: NodeSelector["nodeSelectorTerms"][number]["matchExpressions"] & {}
): NodeSelector {
  return { nodeSelectorTerms: [{ matchExpressions }] };
}
