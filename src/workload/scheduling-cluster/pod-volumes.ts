// Random volumes of Pods: claims of their own or of others, disks of old, images.
import type { Volume } from "../../api/scheduling.js";
import type { PodSpec } from "../../api/types.js";
import type { Prng } from "../../base/prng.js";
import { between, oneIn } from "./draws.js";
import { randomImage } from "./random-nodes.js";
import type { VolumeMaker } from "./volume-maker.js";

export interface VolumeOwner {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

/** Claims of a running Pod are bound and its own. */
export function runningVolumes(prng: Prng, owner: VolumeOwner, maker: VolumeMaker): PodSpec {
  if (!oneIn(prng, 10)) return {};
  if (oneIn(prng, 4)) return { volumes: [disk(prng, "disk")] };
  const claimName = `${owner.name}-data1`;
  maker.boundClaim({ name: claimName, namespace: owner.namespace });
  return { volumes: [{ name: "data", persistentVolumeClaim: { claimName } }] };
}

export function pendingVolumes(prng: Prng, owner: VolumeOwner, maker: VolumeMaker): PodSpec {
  if (!oneIn(prng, 4)) return {};
  const volumes = Array.from({ length: between(prng, 1, 2) }, (_, at) =>
    volume(prng, `v${at}`, owner, maker),
  );
  return { volumes };
}

function volume(prng: Prng, name: string, owner: VolumeOwner, maker: VolumeMaker): Volume {
  const claimName = `${owner.name}-${name}`;
  switch (prng.below(12)) {
    case 0:
      return disk(prng, name);
    case 1:
      return { name, image: { reference: randomImage(prng) } };
    case 2:
      return ephemeral(prng, name, owner, maker);
    case 3:
      // Of a running Pod, in this namespace or not: shared, or missing.
      return { name, persistentVolumeClaim: { claimName: `run-${prng.below(60)}-data1` } };
    default:
      maker.claim({ name: claimName, namespace: owner.namespace });
      return { name, persistentVolumeClaim: { claimName } };
  }
}

/** Its claim is called POD-VOLUME; it may not have been made yet. */
function ephemeral(prng: Prng, name: string, owner: VolumeOwner, maker: VolumeMaker): Volume {
  const { name: podName, namespace, uid } = owner;
  const pod = { apiVersion: "v1", kind: "Pod", name: podName, uid, controller: true };
  if (!oneIn(prng, 4)) maker.claim({ name: `${podName}-${name}`, namespace, ownerReferences: [pod] });
  return { name, ephemeral: { volumeClaimTemplate: { spec: {} } } };
}

/** A disk that Pods may share only if nobody writes, or not at all. */
function disk(prng: Prng, name: string): Volume {
  const readOnly = oneIn(prng, 2);
  const either = (a: string, b: string) => (oneIn(prng, 2) ? a : b);
  switch (prng.below(4)) {
    case 0:
      return { name, gcePersistentDisk: { pdName: either("d1", "d2"), readOnly } };
    case 1:
      return { name, awsElasticBlockStore: { volumeID: either("vol-1", "vol-2"), readOnly } };
    case 2:
      return {
        name,
        iscsi: { targetPortal: "10.0.0.9:3260", iqn: either("iqn.a", "iqn.b"), lun: 0, readOnly },
      };
    default:
      return { name, rbd: { monitors: ["m1", "m2"], image: either("i1", "i2"), readOnly } };
  }
}
