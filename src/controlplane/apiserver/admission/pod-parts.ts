// Pods as plugins read and change them.
import type { Pod, PodSpec } from "kubernetes-types/core/v1.js";
import type { KubeObject } from "../../../api/meta.js";
import { extended } from "../../../base/extended.js";
import type { AdmissionRequest } from "../access.js";

/** A Pod whose spec is there. */
export interface PodObject extends KubeObject {
  readonly spec: PodSpec;
  readonly status?: Pod["status"];
}

/** The Pod of a request for Pods; a spec that is missing is empty, for validation to refuse. */
export function podOf(request: AdmissionRequest): PodObject {
  const pod = request.object as KubeObject & { readonly spec?: PodSpec };
  return pod.spec === undefined ? { ...pod, spec: { containers: [] } } : (pod as PodObject);
}

export function withSpec(pod: PodObject, change: Partial<PodSpec>): PodObject {
  return extended(pod, { spec: extended(pod.spec, change) });
}

/** Static Pods of kubelets, which their files define. */
export function isMirror(pod: KubeObject): boolean {
  return pod.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;
}
