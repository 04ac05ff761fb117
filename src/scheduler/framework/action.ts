// What the scheduler wants done in the API. It does nothing itself: whoever drives it carries these out, in process or
// through a client, and tells the outcome with `Scheduler.finished`.
import type { PersistentVolume, PersistentVolumeClaim } from "../../api/scheduling.js";
import type { PodCondition } from "../../api/types.js";

export type Action =
  | BindAction
  | UpdateStatusAction
  | DeletePodAction
  | UpdateVolumeAction
  | UpdateClaimAction
  | EventAction;

/** POST pods/NAME/binding. */
export interface BindAction {
  readonly kind: "bind";
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly nodeName: string;
  /** Set when an extender binds in the API server's stead. */
  readonly extender?: string;
}

/** PATCH pods/NAME/status. Absent fields stay as they are; an empty nominatedNodeName clears it. */
export interface UpdateStatusAction {
  readonly kind: "updateStatus";
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly condition?: PodCondition;
  readonly nominatedNodeName?: string;
}

/** DELETE pods/NAME, after condition DisruptionTarget was written. */
export interface DeletePodAction {
  readonly kind: "deletePod";
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly condition: PodCondition;
}

/** PUT persistentvolumes/NAME. */
export interface UpdateVolumeAction {
  readonly kind: "updateVolume";
  readonly volume: PersistentVolume;
}

/** PUT persistentvolumeclaims/NAME. */
export interface UpdateClaimAction {
  readonly kind: "updateClaim";
  readonly claim: PersistentVolumeClaim;
}

/** POST events: what users see in kubectl describe pod. */
export interface EventAction {
  readonly kind: "event";
  readonly type: "Normal" | "Warning";
  readonly reason: "Scheduled" | "FailedScheduling" | "Preempted";
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly action: "Binding" | "Scheduling" | "Preempting";
  readonly message: string;
}
