// A node with the Pods on it and the sums that plugins read: the object form of the scheduler's state.
// Its columns in WASM memory (columns/) hold the same sums; a test holds the two together.
// Source: kube-scheduler framework/types.go (NodeInfo).
import { assert } from "../../base/assert.js";
import type { Node } from "../../api/types.js";
import { imagesOf } from "./image-states.js";
import { type HostPort, type PodInfo, portsConflict } from "./pod-info.js";
import { Resources } from "./resources.js";

export class NodeInfo {
  readonly name: string;
  /** Position in every column; kept while the node lives. */
  readonly slot: number;
  readonly pods: PodInfo[] = [];
  /** Pods with any affinity or anti-affinity to other Pods. */
  readonly podsWithAffinity: PodInfo[] = [];
  readonly podsWithRequiredAntiAffinity: PodInfo[] = [];
  readonly requested = new Resources();
  /** With defaults for containers that name no request. */
  readonly nonZeroRequested = { milliCpu: 0, memory: 0 };
  readonly usedPorts: HostPort[] = [];
  /** "namespace/claim" -> Pods here that use it. */
  readonly claimRefs = new Map<string, number>();
  #node: Node;
  #allocatable: Resources;
  /** Image name -> bytes. */
  #images: ReadonlyMap<string, number>;

  /** @param twin of the same node: what was read of it is shared */
  constructor(node: Node, slot: number, twin: NodeInfo | null = null) {
    this.name = node.metadata.name;
    this.slot = slot;
    this.#node = node;
    this.#allocatable = twin === null ? Resources.fromList(node.status?.allocatable) : twin.#allocatable;
    this.#images = twin === null ? imagesOf(node) : twin.#images;
  }

  get node(): Node {
    return this.#node;
  }

  set node(node: Node) {
    this.#node = node;
    this.#allocatable = Resources.fromList(node.status?.allocatable);
    this.#images = imagesOf(node);
  }

  get allocatable(): Resources {
    return this.#allocatable;
  }

  get images(): ReadonlyMap<string, number> {
    return this.#images;
  }

  add(pod: PodInfo): void {
    this.pods.push(pod);
    const { terms } = pod;
    if (hasAffinity(pod)) this.podsWithAffinity.push(pod);
    if (terms.requiredAntiAffinity.length > 0) this.podsWithRequiredAntiAffinity.push(pod);
    for (const port of pod.spec.hostPorts) this.usedPorts.push(port);
    this.#count(pod, 1);
  }

  /** Cost: O(Pods on the node). */
  remove(pod: PodInfo): void {
    assert(removeByUid(this.pods, pod), `Pod ${pod.key} is not on node ${this.name}`);
    removeByUid(this.podsWithAffinity, pod);
    removeByUid(this.podsWithRequiredAntiAffinity, pod);
    for (const { ip, protocol, port } of pod.spec.hostPorts) {
      const at = this.usedPorts.findIndex(
        (used) => used.ip === ip && used.protocol === protocol && used.port === port,
      );
      this.usedPorts.splice(at, 1);
    }
    this.#count(pod, -1);
  }

  /** Puts a newer object of the same Pod, with the same requests, ports, terms and claims, in its place. */
  exchange(before: PodInfo, after: PodInfo): void {
    for (const list of [this.pods, this.podsWithAffinity, this.podsWithRequiredAntiAffinity]) {
      // Mostly the one that came last, just assumed and now seen to be bound.
      const at = list.lastIndexOf(before);
      if (at >= 0) list[at] = after;
    }
  }

  /** A copy to try things on, with the Pods that are to be kept. Cost: O(Pods on the node). */
  clone(keeps: (pod: PodInfo) => boolean = () => true): NodeInfo {
    const copy = new NodeInfo(this.#node, this.slot, this);
    for (const pod of this.pods) if (keeps(pod)) copy.add(pod);
    return copy;
  }

  portsConflict(wanted: HostPort): boolean {
    return this.usedPorts.some((used) => portsConflict(wanted, used));
  }

  #count(pod: PodInfo, times: 1 | -1): void {
    const { exact, nonZeroOnNode } = pod.spec.requests;
    this.requested.add(exact, times);
    this.nonZeroRequested.milliCpu += nonZeroOnNode.milliCpu * times;
    this.nonZeroRequested.memory += nonZeroOnNode.memory * times;
    for (const claim of claimKeys(pod)) {
      const refs = (this.claimRefs.get(claim) ?? 0) + times;
      if (refs === 0) this.claimRefs.delete(claim);
      else this.claimRefs.set(claim, refs);
    }
  }
}

function hasAffinity({ terms }: PodInfo): boolean {
  return (
    terms.requiredAffinity.length > 0 || terms.requiredAntiAffinity.length > 0 || terms.preferred.length > 0
  );
}

/** "namespace/claim" of every persistent or generic ephemeral volume of the Pod. */
export function claimKeys({ pod, namespace }: PodInfo): string[] {
  const keys: string[] = [];
  for (const volume of pod.spec?.volumes ?? []) {
    if (volume.persistentVolumeClaim) keys.push(`${namespace}/${volume.persistentVolumeClaim.claimName}`);
    else if (volume.ephemeral) keys.push(`${namespace}/${pod.metadata.name}-${volume.name}`);
  }
  return keys;
}

function removeByUid(pods: PodInfo[], { uid }: PodInfo): boolean {
  const at = pods.findIndex((pod) => pod.uid === uid);
  if (at < 0) return false;
  pods.splice(at, 1);
  return true;
}
