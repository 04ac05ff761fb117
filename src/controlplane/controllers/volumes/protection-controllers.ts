// Claims that Pods use, and volumes that claims use, do not go before their users.
// Source: pkg/controller/volume/pvcprotection, pkg/controller/volume/pvprotection.
import { PERSISTENT_VOLUMES, type PersistentVolume } from "../../client/cluster-resources.js";
import type { Informer } from "../../client/informer.js";
import { keyOf } from "../../client/object-store.js";
import type { PersistentVolumeClaim, Pod } from "../../client/object-types.js";
import { clientOf, PERSISTENT_VOLUME_CLAIMS, PODS } from "../../client/resources.js";
import type { Controller } from "../harness/controller.js";
import { isTerminal } from "../harness/pod-state.js";
import { claimKeysOf } from "./pod-claims.js";

const CLAIM_PROTECTION = "kubernetes.io/pvc-protection";
const VOLUME_PROTECTION = "kubernetes.io/pv-protection";
const CLAIM_INDEX = "claim";

/** "remove" when nobody uses it any more, "add" when it is not protected yet. */
export function protectionStep(
  { metadata }: PersistentVolume | PersistentVolumeClaim,
  finalizer: string,
  isUsed: boolean,
): "add" | "remove" | "none" {
  const isProtected = (metadata.finalizers ?? []).includes(finalizer);
  if (metadata.deletionTimestamp === undefined) return isProtected ? "none" : "add";
  return isProtected && !isUsed ? "remove" : "none";
}

function changed(
  { metadata }: PersistentVolume | PersistentVolumeClaim,
  finalizer: string,
  step: "add" | "remove",
) {
  const others = (metadata.finalizers ?? []).filter((each) => each !== finalizer);
  const finalizers = step === "add" ? [...others, finalizer] : others;
  return { metadata: { resourceVersion: metadata.resourceVersion, finalizers } };
}

export const claimProtectionController: Controller = {
  name: "pvc-protection",
  component: "pvc-protection-controller",
  workersCount: 1,
  start({ informers, queue, client }) {
    const claims = informers.informer(PERSISTENT_VOLUME_CLAIMS);
    const pods: Informer<Pod> = informers.informer(PODS);
    pods.addIndex(CLAIM_INDEX, claimKeysOf);
    const look = (claim: PersistentVolumeClaim): void => {
      if (protectionStep(claim, CLAIM_PROTECTION, false) !== "none") queue.add(keyOf(claim));
    };
    claims.addHandler({ onAdd: look, onUpdate: (_, claim) => look(claim) });
    const released = (pod: Pod): void => {
      for (const key of claimKeysOf(pod)) queue.add(key);
    };
    pods.addHandler({
      onUpdate: (before, pod) => {
        if (isTerminal(pod) && !isTerminal(before)) released(pod);
      },
      onDelete: released,
    });
    return async (key) => {
      const claim = claims.lister.get(key);
      if (claim === undefined) return;
      const { name, namespace = "" } = claim.metadata;
      const isUsing = (pod: Pod): boolean => !!pod.spec?.nodeName && !isTerminal(pod);
      const isInUse = pods.lister.byIndex(CLAIM_INDEX, key).some(isUsing);
      const step = protectionStep(claim, CLAIM_PROTECTION, isInUse);
      if (step === "none") return;
      // The cache may lack a Pod that has just come.
      const isUsedNow = async (): Promise<boolean> =>
        (await clientOf(client, PODS, namespace).list()).items.some(
          (pod) => isUsing(pod) && claimKeysOf(pod).includes(key),
        );
      if (step === "remove" && (await isUsedNow())) return;
      await clientOf(client, PERSISTENT_VOLUME_CLAIMS, namespace).patch(
        name,
        "merge",
        changed(claim, CLAIM_PROTECTION, step),
      );
    };
  },
};

export const volumeProtectionController: Controller = {
  name: "pv-protection",
  component: "pv-protection-controller",
  workersCount: 1,
  start({ informers, queue, client }) {
    const volumes = informers.informer(PERSISTENT_VOLUMES);
    const isBound = ({ status }: PersistentVolume): boolean => status?.phase === "Bound";
    const look = (volume: PersistentVolume): void => {
      if (protectionStep(volume, VOLUME_PROTECTION, isBound(volume)) !== "none")
        queue.add(volume.metadata.name);
    };
    volumes.addHandler({ onAdd: look, onUpdate: (_, volume) => look(volume) });
    return async (name) => {
      const volume = volumes.lister.get(name);
      if (volume === undefined) return;
      const step = protectionStep(volume, VOLUME_PROTECTION, isBound(volume));
      if (step === "none") return;
      await clientOf(client, PERSISTENT_VOLUMES, null).patch(
        name,
        "merge",
        changed(volume, VOLUME_PROTECTION, step),
      );
    };
  },
};
