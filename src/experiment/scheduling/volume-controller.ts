// The controller that binds claims to volumes, as far as scheduling waits for it: a volume that names a claim is given to
// it, and a claim that a provisioner is to serve gets a volume made for it.
// A volume made here can be reached from every node, as one over a network.
// Source: kubernetes test/integration/util/util.go (StartFakePVController); pkg/controller/volume/persistentvolume.
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "../../api/scheduling.js";
import { objectKey } from "../../scheduler/objects.js";
import type { InMemoryApi, WatchEvent } from "./in-memory-api.js";

const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
const SELECTED_NODE = "volume.kubernetes.io/selected-node";
const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";
const NO_PROVISIONER = "kubernetes.io/no-provisioner";

export class VolumeController {
  readonly #api: InMemoryApi;

  constructor(api: InMemoryApi) {
    this.#api = api;
  }

  changed({ type, object }: WatchEvent): void {
    if (type === "delete") return;
    if (object.kind === "PersistentVolume") this.#bindClaimOf(object as PersistentVolume);
    else if (object.kind === "PersistentVolumeClaim") this.#provision(object as PersistentVolumeClaim);
  }

  #bindClaimOf({ metadata: { name }, spec: { claimRef } }: PersistentVolume): void {
    if (claimRef === undefined) return;
    const claim = this.#api.get("PersistentVolumeClaim", `${claimRef.namespace}/${claimRef.name}`);
    if (claim === undefined || isComplete(claim as PersistentVolumeClaim)) return;
    const { metadata, spec, ...rest } = claim as PersistentVolumeClaim;
    const annotations = { ...metadata.annotations, [BIND_COMPLETED]: "yes" };
    const bound: PersistentVolumeClaim = {
      ...rest,
      metadata: { ...metadata, annotations },
      spec: { ...spec, volumeName: name },
      status: { phase: "Bound" },
    };
    this.#api.update(bound);
  }

  #provision(claim: PersistentVolumeClaim): void {
    if (isComplete(claim) || (claim.spec?.volumeName ?? "") !== "") return;
    const storageClass = this.#classOf(claim);
    if (storageClass === undefined || storageClass.provisioner === NO_PROVISIONER) return;
    const { annotations = {}, uid } = claim.metadata;
    const waitsForPod = storageClass.volumeBindingMode === "WaitForFirstConsumer";
    if (waitsForPod && annotations[SELECTED_NODE] === undefined) return;
    const name = `pvc-${uid}`;
    if (this.#api.get("PersistentVolume", name) === undefined)
      this.#api.create(volumeFor(claim, storageClass, name));
  }

  #classOf({ metadata, spec }: PersistentVolumeClaim): StorageClass | undefined {
    const name = metadata.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? "";
    return this.#api.get("StorageClass", name) as StorageClass | undefined;
  }
}

function isComplete({ metadata, spec }: PersistentVolumeClaim): boolean {
  return (spec?.volumeName ?? "") !== "" && metadata.annotations?.[BIND_COMPLETED] !== undefined;
}

function volumeFor(claim: PersistentVolumeClaim, { provisioner, metadata }: StorageClass, name: string) {
  const { accessModes, resources, volumeMode } = claim.spec ?? {};
  const [namespace = ""] = objectKey(claim).split("/");
  const claimRef = { namespace, name: claim.metadata.name, uid: claim.metadata.uid ?? "" };
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name },
    spec: {
      capacity: { storage: resources?.requests?.["storage"] ?? "1Gi" },
      ...(accessModes === undefined ? {} : { accessModes }),
      ...(volumeMode === undefined ? {} : { volumeMode }),
      storageClassName: metadata.name,
      claimRef,
      csi: { driver: provisioner, volumeHandle: name },
    },
    status: { phase: "Bound" },
  } satisfies PersistentVolume;
}
