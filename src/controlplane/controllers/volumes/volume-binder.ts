// Binds claims and volumes, makes volumes for claims whose class has a provisioner, and reclaims those that are released.
// The provisioner is hollow: a volume is an object, and there at once.
// Keys: "claim:NAMESPACE/NAME", "volume:NAME". Cost: O(volumes) for a claim that is unbound and of no class that
// provisions; O(1) else.
// Source: pkg/controller/volume/persistentvolume/pv_controller.go, pv_controller_base.go.
import { isStatus } from "../../../api/status.js";
import {
  PERSISTENT_VOLUMES,
  type PersistentVolume,
  STORAGE_CLASSES,
  type StorageClass,
} from "../../client/cluster-resources.js";
import type { Informer } from "../../client/informer.js";
import { keyOf } from "../../client/object-store.js";
import type { PersistentVolumeClaim } from "../../client/object-types.js";
import { clientOf, PERSISTENT_VOLUME_CLAIMS } from "../../client/resources.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import { timeNow } from "../harness/times.js";
import {
  BIND_COMPLETED,
  bytesOf,
  type ClaimStep,
  claimStep,
  PROVISIONED_BY,
  volumeStep,
} from "./binding-steps.js";
import { classOf } from "./match-volume.js";

const CLAIM = "claim:";
const VOLUME = "volume:";
const BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";
const PROVISIONERS = [
  "volume.beta.kubernetes.io/storage-provisioner",
  "volume.kubernetes.io/storage-provisioner",
];

export const persistentVolumeBinder: Controller = {
  name: "persistentvolume-binder",
  component: "persistentvolume-controller",
  workersCount: 1,
  start(context) {
    const shell = new Binder(context);
    return (key) => shell.reconcile(key);
  },
};

class Binder {
  readonly #context: ControllerContext;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #classes: Informer<StorageClass>;
  /** Written and perhaps not shown by the cache yet: no volume must go to two claims. */
  readonly #written = new Map<string, PersistentVolume>();

  constructor(context: ControllerContext) {
    const { informers, queue } = context;
    this.#context = context;
    this.#claims = informers.informer(PERSISTENT_VOLUME_CLAIMS);
    this.#volumes = informers.informer(PERSISTENT_VOLUMES);
    this.#classes = informers.informer(STORAGE_CLASSES);
    const lookAtClaim = (claim: PersistentVolumeClaim): void => {
      queue.add(CLAIM + keyOf(claim));
      if (claim.spec?.volumeName) queue.add(VOLUME + claim.spec.volumeName);
    };
    this.#claims.addHandler({
      onAdd: lookAtClaim,
      onUpdate: (_, claim) => lookAtClaim(claim),
      onDelete: lookAtClaim,
    });
    const lookAtVolume = (volume: PersistentVolume): void => {
      queue.add(VOLUME + volume.metadata.name);
      const { claimRef } = volume.spec ?? {};
      if (claimRef !== undefined) queue.add(`${CLAIM}${claimRef.namespace}/${claimRef.name}`);
      else this.#lookAtWaiting();
    };
    this.#volumes.addHandler({
      onAdd: lookAtVolume,
      onUpdate: (_, volume) => lookAtVolume(volume),
      onDelete: (volume) => {
        this.#written.delete(volume.metadata.name);
        lookAtVolume(volume);
      },
    });
    this.#classes.addHandler({ onAdd: () => this.#lookAtWaiting() });
  }

  #lookAtWaiting(): void {
    for (const claim of this.#claims.lister.list())
      if (!claim.spec?.volumeName) this.#context.queue.add(CLAIM + keyOf(claim));
  }

  async reconcile(key: string): Promise<void> {
    if (key.startsWith(CLAIM)) return this.#reconcileClaim(key.slice(CLAIM.length));
    return this.#reconcileVolume(key.slice(VOLUME.length));
  }

  async #reconcileClaim(key: string): Promise<void> {
    const claim = this.#claims.lister.get(key);
    if (claim === undefined) return;
    const storageClass = this.#classes.lister.get(classOf(claim));
    const step = claimStep({ claim, volumes: this.#knownVolumes(claim), storageClass });
    switch (step.kind) {
      case "none":
        return;
      case "wait":
        return this.#wait(claim, step);
      case "bind":
        return this.#bind(claim, step.volume);
      case "provision":
        return this.#provision(claim, step.storageClass);
      case "expand":
        return this.#expand(claim, step);
      case "lost":
        this.#context.events.record(claim, "Warning", step.reason, step.message);
        return this.#setClaimStatus(claim, { phase: "Lost" });
    }
  }

  #knownVolumes({ spec }: PersistentVolumeClaim): readonly PersistentVolume[] {
    const newest = (volume: PersistentVolume): PersistentVolume => {
      const own = this.#written.get(volume.metadata.name);
      if (own === undefined) return volume;
      const isShown =
        BigInt(volume.metadata.resourceVersion ?? "0") >= BigInt(own.metadata.resourceVersion ?? "0");
      if (!isShown) return own;
      this.#written.delete(volume.metadata.name);
      return volume;
    };
    if (!spec?.volumeName) return this.#volumes.lister.list().map(newest);
    const volume = this.#volumes.lister.get(spec.volumeName) ?? this.#written.get(spec.volumeName);
    return volume === undefined ? [] : [newest(volume)];
  }

  async #wait(claim: PersistentVolumeClaim, step: ClaimStep & { kind: "wait" }): Promise<void> {
    const type = step.reason === "ProvisioningFailed" ? "Warning" : "Normal";
    if (step.reason !== null) this.#context.events.record(claim, type, step.reason, step.message);
    if (claim.status?.phase === undefined) await this.#setClaimStatus(claim, { phase: "Pending" });
  }

  /** Volume, its phase, claim, its status: whatever is missing, so that each can be the last that was written. */
  async #bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> {
    const { name, namespace = "", uid = "", resourceVersion = "" } = claim.metadata;
    const volumes = clientOf(this.#context.client, PERSISTENT_VOLUMES, null);
    let bound = volume;
    if (volume.spec?.claimRef?.uid !== uid) {
      const isChosenHere = volume.spec?.claimRef === undefined;
      const claimRef = {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        name,
        namespace,
        uid,
        resourceVersion,
      };
      const annotations = isChosenHere ? { annotations: { [BOUND_BY_CONTROLLER]: "yes" } } : {};
      bound = await volumes.patch(volume.metadata.name, "merge", {
        metadata: { resourceVersion: volume.metadata.resourceVersion, ...annotations },
        spec: { claimRef },
      });
      this.#written.set(bound.metadata.name, bound);
    }
    if (bound.status?.phase !== "Bound") {
      const status = { phase: "Bound", lastPhaseTransitionTime: timeNow(this.#context.timers) };
      bound = await volumes.patch(bound.metadata.name, "merge", { status }, { subresource: "status" });
      this.#written.set(bound.metadata.name, bound);
    }
    await this.#completeClaim(claim, bound);
  }

  async #completeClaim(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> {
    const { name, namespace = "" } = claim.metadata;
    const claims = clientOf(this.#context.client, PERSISTENT_VOLUME_CLAIMS, namespace);
    let bound = claim;
    if (claim.metadata.annotations?.[BIND_COMPLETED] === undefined || !claim.spec?.volumeName) {
      const isChosenHere = !claim.spec?.volumeName;
      const annotations = {
        [BIND_COMPLETED]: "yes",
        ...(isChosenHere ? { [BOUND_BY_CONTROLLER]: "yes" } : {}),
      };
      bound = await claims.patch(name, "merge", {
        metadata: { resourceVersion: claim.metadata.resourceVersion, annotations },
        spec: { volumeName: volume.metadata.name },
      });
    }
    if (bound.status?.phase === "Bound") return;
    await this.#setClaimStatus(bound, {
      phase: "Bound",
      accessModes: volume.spec?.accessModes,
      capacity: volume.spec?.capacity,
    });
  }

  /** The volume first: a claim never says that it has more. */
  async #expand(claim: PersistentVolumeClaim, step: ClaimStep & { kind: "expand" }): Promise<void> {
    const { volume, storage } = step;
    const capacity = { storage };
    if (bytesOf(volume.spec?.capacity?.["storage"]) < bytesOf(storage)) {
      const volumes = clientOf(this.#context.client, PERSISTENT_VOLUMES, null);
      const grown = await volumes.patch(volume.metadata.name, "merge", { spec: { capacity } });
      this.#written.set(grown.metadata.name, grown);
    }
    await this.#setClaimStatus(claim, { capacity });
    const message = `MountVolume.NodeExpandVolume succeeded for volume "${volume.metadata.name}"`;
    this.#context.events.record(claim, "Normal", "FileSystemResizeSuccessful", message);
  }

  async #setClaimStatus({ metadata }: PersistentVolumeClaim, status: object): Promise<void> {
    const claims = clientOf(this.#context.client, PERSISTENT_VOLUME_CLAIMS, metadata.namespace ?? "");
    await claims.patch(metadata.name, "merge", { status }, { subresource: "status" });
  }

  async #provision(claim: PersistentVolumeClaim, storageClass: StorageClass): Promise<void> {
    const { client, events } = this.#context;
    const { name, namespace = "", resourceVersion, annotations = {} } = claim.metadata;
    const { provisioner } = storageClass;
    if (PROVISIONERS.some((annotation) => annotations[annotation] !== provisioner)) {
      const wanted = Object.fromEntries(PROVISIONERS.map((annotation) => [annotation, provisioner]));
      await clientOf(client, PERSISTENT_VOLUME_CLAIMS, namespace).patch(name, "merge", {
        metadata: { resourceVersion, annotations: wanted },
      });
    }
    const volume = hollowVolume(claim, storageClass);
    const label = `External provisioner is provisioning volume for claim "${namespace}/${name}"`;
    events.record(claim, "Normal", "Provisioning", label);
    try {
      const made = await clientOf(client, PERSISTENT_VOLUMES, null).create(volume);
      this.#written.set(made.metadata.name, made);
    } catch (error) {
      if (isStatus(error, "AlreadyExists")) return;
      const message = `failed to provision volume with StorageClass "${storageClass.metadata.name}": ${(error as Error).message}`;
      events.record(claim, "Warning", "ProvisioningFailed", message);
      throw error;
    }
    const message = `Successfully provisioned volume ${volume.metadata.name}`;
    events.record(claim, "Normal", "ProvisioningSucceeded", message);
  }

  async #reconcileVolume(name: string): Promise<void> {
    const volume = this.#volumes.lister.get(name);
    if (volume === undefined || volume.metadata.deletionTimestamp !== undefined) return;
    const own = this.#written.get(name);
    // The cache is behind what was written last: what comes will add the key again.
    if (
      own !== undefined &&
      BigInt(own.metadata.resourceVersion ?? "0") > BigInt(volume.metadata.resourceVersion ?? "0")
    )
      return;
    const { claimRef } = volume.spec ?? {};
    const step = volumeStep(volume, await this.#claimOf(volume));
    const volumes = clientOf(this.#context.client, PERSISTENT_VOLUMES, null);
    const { resourceVersion } = volume.metadata;
    switch (step.kind) {
      case "phase": {
        if (volume.status?.phase === step.phase) return;
        const status = { phase: step.phase, lastPhaseTransitionTime: timeNow(this.#context.timers) };
        const patch = { metadata: { resourceVersion }, status };
        await volumes.patch(name, "merge", patch, { subresource: "status" });
        return;
      }
      case "recycle":
        this.#context.events.record(volume, "Normal", "VolumeRecycled", "Volume recycled");
        await volumes.patch(name, "merge", { metadata: { resourceVersion }, spec: { claimRef: null } });
        return;
      case "delete":
        if (claimRef === undefined) return;
        await volumes.delete(name).catch((error: unknown) => {
          if (!isStatus(error, "NotFound")) throw error;
        });
    }
  }

  /** A claim that the cache does not know may be new: data is not thrown away on a guess. */
  async #claimOf({ spec }: PersistentVolume): Promise<PersistentVolumeClaim | undefined> {
    const { namespace = "", name = "", uid } = spec?.claimRef ?? {};
    if (!uid) return undefined;
    const cached = this.#claims.lister.get(`${namespace}/${name}`);
    if (cached?.metadata.uid === uid) return cached;
    try {
      return await clientOf(this.#context.client, PERSISTENT_VOLUME_CLAIMS, namespace).get(name);
    } catch (error) {
      if (isStatus(error, "NotFound")) return undefined;
      throw error;
    }
  }
}

function hollowVolume(claim: PersistentVolumeClaim, storageClass: StorageClass): PersistentVolume {
  const { name, namespace = "", uid = "", resourceVersion = "" } = claim.metadata;
  const { provisioner, mountOptions, reclaimPolicy = "Delete" } = storageClass;
  const storage = claim.spec?.resources?.requests?.["storage"] ?? "1Gi";
  const spec = {
    capacity: { storage },
    accessModes: claim.spec?.accessModes ?? [],
    claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid, resourceVersion },
    persistentVolumeReclaimPolicy: reclaimPolicy,
    storageClassName: storageClass.metadata.name,
    volumeMode: claim.spec?.volumeMode ?? "Filesystem",
    ...(mountOptions === undefined ? {} : { mountOptions }),
    csi: { driver: provisioner, volumeHandle: `pvc-${uid}` },
  };
  const annotations = { [PROVISIONED_BY]: provisioner };
  const metadata = { name: `pvc-${uid}`, annotations };
  return { apiVersion: "v1", kind: "PersistentVolume", metadata, spec } as unknown as PersistentVolume;
}
