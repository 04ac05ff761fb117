// Pods as a kubelet reads them: the whole spec and status, unlike api/types.ts, which declares what scheduling and
// proxying need.
import type {
  Container,
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  EphemeralContainer,
  PodCondition,
  PodSpec,
  PodStatus,
  Probe,
  Volume,
} from "kubernetes-types/core/v1.js";
import type { KubeObject, ObjectMeta } from "../../../api/meta.js";

export type {
  Container,
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  EphemeralContainer,
  PodCondition,
  PodSpec,
  PodStatus,
  Probe,
  Volume,
};

export interface PodMeta extends ObjectMeta {
  readonly namespace: string;
  readonly uid: string;
  readonly generation?: number;
  readonly deletionGracePeriodSeconds?: number;
}

export interface Pod extends KubeObject {
  readonly metadata: PodMeta;
  readonly spec: Readonly<PodSpec>;
  readonly status?: Readonly<PodStatus>;
}

/** Annotations that mark where a Pod came from. */
export const ANNOTATION_CONFIG_MIRROR = "kubernetes.io/config.mirror";
export const ANNOTATION_CONFIG_SOURCE = "kubernetes.io/config.source";
export const ANNOTATION_CONFIG_HASH = "kubernetes.io/config.hash";

/** Whether an init container keeps running beside the others. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === "Always";
}

export function isMirrorPod(pod: KubeObject): boolean {
  return pod.metadata.annotations?.[ANNOTATION_CONFIG_MIRROR] !== undefined;
}

/** Whether a Pod of this phase has no more to do. */
export function isTerminalPhase(phase: string | undefined): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

/** Whether a container that ended with this code is to run again. */
export function restartsAfter(container: Container, spec: PodSpec, exitCode: number): boolean {
  const policy = container.restartPolicy ?? spec.restartPolicy ?? "Always";
  if (policy === "Always") return true;
  return policy === "OnFailure" && exitCode !== 0;
}

const DEFAULT_GRACE_SECONDS = 30;

/** How long its containers may take to end when nobody says otherwise. */
export function specGraceSeconds({ spec }: Pod): number {
  return spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
}

let lastSecond = Number.NaN;
let lastText = "";

/** RFC 3339 with seconds, as upstream's metav1.Time prints. The same second is printed once. */
export function timestamp(wallMs: number): string {
  const second = Math.floor(wallMs / 1000);
  if (second === lastSecond) return lastText;
  lastSecond = second;
  lastText = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
  return lastText;
}
