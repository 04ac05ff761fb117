// Which events may give a Pod its volumes.
// Source: kube-scheduler plugins/volumebinding/volume_binding.go (EventsToRegister).
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  PersistentVolumeClaim,
  StorageClass,
} from "../../../api/scheduling.js";
import { ACTION, type EventRegistration, type QueueingHintFn } from "../../framework/cluster-event.js";
import { MIGRATED_PLUGINS_ANNOTATION } from "../csi-migration.js";
import { usesClaim } from "../volume-claims.js";
import type { SizeOf } from "./match-volume.js";
import { volumeLimit } from "./provisioning.js";

const ADD_OR_UPDATE = ACTION.Add | ACTION.Update;

export function volumeEvents(sizeOf: SizeOf): readonly EventRegistration[] {
  return [
    { resource: "StorageClass", actions: ADD_OR_UPDATE, hint: afterStorageClassChange },
    { resource: "PersistentVolumeClaim", actions: ADD_OR_UPDATE, hint: afterClaimChange },
    { resource: "PersistentVolume", actions: ADD_OR_UPDATE },
    { resource: "Node", actions: ACTION.Add | ACTION.UpdateNodeLabel },
    { resource: "CSINode", actions: ADD_OR_UPDATE, hint: afterCsiNodeChange },
    { resource: "CSIDriver", actions: ACTION.Update, hint: afterCsiDriverUpdate },
    { resource: "CSIStorageCapacity", actions: ADD_OR_UPDATE, hint: afterCapacityChange(sizeOf) },
  ];
}

const afterClaimChange: QueueingHintFn = (pod, { after }) =>
  usesClaim(pod, after as PersistentVolumeClaim) ? "Queue" : "Skip";

/** Of an existing class only the allowed topologies can change. */
const afterStorageClassChange: QueueingHintFn = (_pod, { before, after }) => {
  if (before === null) return "Queue";
  const topologies = (storageClass: unknown) =>
    JSON.stringify((storageClass as StorageClass).allowedTopologies ?? []);
  return topologies(before) === topologies(after) ? "Skip" : "Queue";
};

const afterCsiNodeChange: QueueingHintFn = (_pod, { before, after }) => {
  if (before === null) return "Queue";
  const migrated = (csiNode: unknown) =>
    (csiNode as CSINode).metadata.annotations?.[MIGRATED_PLUGINS_ANNOTATION] ?? "";
  return migrated(before) === migrated(after) ? "Skip" : "Queue";
};

/** Helps when the driver of an inline volume stops reporting capacity. */
const afterCsiDriverUpdate: QueueingHintFn = (pod, { before, after }) => {
  const reports = (driver: unknown) => (driver as CSIDriver).spec.storageCapacity === true;
  const { name } = (after as CSIDriver).metadata;
  const isUsed = (pod.pod.spec?.volumes ?? []).some(({ csi }) => csi?.driver === name);
  return isUsed && reports(before) && !reports(after) ? "Queue" : "Skip";
};

const afterCapacityChange =
  (sizeOf: SizeOf): QueueingHintFn =>
  (_pod, { before, after }) => {
    if (before === null) return "Queue";
    const was = volumeLimit(before as CSIStorageCapacity);
    const is = volumeLimit(after as CSIStorageCapacity);
    const grew = is !== undefined && (was === undefined || sizeOf(is) > sizeOf(was));
    return grew ? "Queue" : "Skip";
  };
