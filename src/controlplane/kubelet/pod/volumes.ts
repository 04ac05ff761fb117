// What a Pod's volumes wait for: objects that must be there, disks that must be attached.
// Source: kubernetes pkg/volume/{configmap,secret,projected}, pkg/kubelet/volumemanager.
import type { KubeObject } from "../../../api/meta.js";
import type { PersistentVolume, PersistentVolumeClaim } from "../../../api/scheduling.js";
import { CONFIG_MAPS, PERSISTENT_VOLUMES, SECRETS } from "../../client/cluster-resources.js";
import { PERSISTENT_VOLUME_CLAIMS } from "../../client/resources.js";
import { CSI_DRIVERS, type ObjectCache } from "../object-cache.js";
import type { Pod, Volume } from "./pod.js";

/** Why a volume is not mounted yet, as the event says it. */
export interface MountProblem {
  readonly reason: "FailedMount" | "FailedAttachVolume";
  readonly message: string;
  /** Somebody else is at it: nothing has failed until the wait was too long. */
  readonly isWaiting?: true;
}

/** The CA bundle that every namespace gets; a cluster without its publisher still runs Pods. */
const ROOT_CA = "kube-root-ca.crt";

interface Source {
  readonly kind: "configmap" | "secret";
  readonly name: string;
}

/** Whether the Node says that a volume of this unique name is attached to it. */
export type Attached = (uniqueName: string) => boolean;

/** @returns null when all can be mounted on this node */
export async function mountProblem(
  pod: Pod,
  objects: ObjectCache,
  attached: Attached,
): Promise<MountProblem | null> {
  for (const volume of pod.spec.volumes ?? []) {
    for (const source of sourcesOf(volume)) {
      const problem = await missing(pod, volume, source, objects);
      if (problem !== null) return problem;
    }
    const claim = claimOf(pod, volume);
    const problem = claim === null ? null : await claimProblem(pod, volume, claim, objects, attached);
    if (problem !== null) return problem;
  }
  return null;
}

/** Objects that a volume cannot be mounted without. */
function sourcesOf(volume: Volume): Source[] {
  const sources: Source[] = [];
  const add = (kind: Source["kind"], name: string | undefined, optional: boolean | undefined) => {
    if (name !== undefined && optional !== true && name !== ROOT_CA) sources.push({ kind, name });
  };
  add("configmap", volume.configMap?.name, volume.configMap?.optional);
  add("secret", volume.secret?.secretName, volume.secret?.optional);
  for (const part of volume.projected?.sources ?? []) {
    add("configmap", part.configMap?.name, part.configMap?.optional);
    add("secret", part.secret?.name, part.secret?.optional);
  }
  return sources;
}

async function missing(
  pod: Pod,
  volume: Volume,
  { kind, name }: Source,
  objects: ObjectCache,
): Promise<MountProblem | null> {
  const resource = kind === "configmap" ? CONFIG_MAPS : SECRETS;
  if ((await objects.get(resource, pod.metadata.namespace, name)) !== null) return null;
  return failedMount(volume, `${kind} "${name}" not found`);
}

function failedMount(volume: Volume, why: string): MountProblem {
  return { reason: "FailedMount", message: `MountVolume.SetUp failed for volume "${volume.name}" : ${why}` };
}

function claimOf(pod: Pod, volume: Volume): string | null {
  if (volume.ephemeral !== undefined) return `${pod.metadata.name}-${volume.name}`;
  return volume.persistentVolumeClaim?.claimName ?? null;
}

async function claimProblem(
  pod: Pod,
  volume: Volume,
  claimName: string,
  objects: ObjectCache,
  attached: Attached,
): Promise<MountProblem | null> {
  const claim = await objects.getFresh<PersistentVolumeClaim>(
    PERSISTENT_VOLUME_CLAIMS,
    pod.metadata.namespace,
    claimName,
  );
  if (claim === null) return failedMount(volume, `persistentvolumeclaim "${claimName}" not found`);
  const volumeName = claim.spec?.volumeName ?? "";
  if (volumeName === "")
    return failedMount(volume, `PVC ${pod.metadata.namespace}/${claimName} is not bound`);
  const persistent = await objects.get<PersistentVolume>(PERSISTENT_VOLUMES, null, volumeName);
  if (persistent === null) return failedMount(volume, `persistentvolume "${volumeName}" not found`);
  const csi = (persistent.spec as { csi?: { driver?: string; volumeHandle?: string } } | undefined)?.csi;
  if (csi?.driver === undefined || !(await needsAttaching(csi.driver, objects))) return null;
  if (attached(`kubernetes.io/csi/${csi.driver}^${csi.volumeHandle ?? ""}`)) return null;
  return {
    reason: "FailedMount",
    message: `Unable to attach or mount volumes: unmounted volumes=[${volume.name}], unattached volumes=[${volume.name}], failed to process volumes=[]: context deadline exceeded`,
    isWaiting: true,
  };
}

async function needsAttaching(driver: string, objects: ObjectCache): Promise<boolean> {
  const object = await objects.get<KubeObject & { spec?: { attachRequired?: boolean } }>(
    CSI_DRIVERS,
    null,
    driver,
  );
  return object?.spec?.attachRequired ?? true;
}
