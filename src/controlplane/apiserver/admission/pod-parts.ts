// Pods as plugins read and change them.
import type { Container, Pod, PodSpec } from "kubernetes-types/core/v1.js";
import type { KubeObject } from "../../../api/meta.js";
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
  return { ...pod, spec: { ...pod.spec, ...change } };
}

/** The same change for each container of both lists; a list in which nothing changes is kept. */
export function withContainers(pod: PodObject, change: (container: Container) => Container): PodObject {
  const containers = mapped(pod.spec.containers ?? [], change);
  const initContainers = mapped(pod.spec.initContainers ?? [], change);
  if (containers === pod.spec.containers && initContainers === (pod.spec.initContainers ?? initContainers))
    return pod;
  return withSpec(pod, { containers, ...(pod.spec.initContainers === undefined ? {} : { initContainers }) });
}

function mapped<Item>(items: Item[], change: (item: Item) => Item): Item[] {
  const changed = items.map(change);
  return changed.every((item, index) => item === items[index]) ? items : changed;
}

/** Static Pods of kubelets, which their files define. */
export function isMirror(pod: KubeObject): boolean {
  return pod.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;
}
