// Prefers nodes that have the Pod's images already, weighed by their size and by how many nodes have them: an image that
// is on one node only should not draw every Pod there.
//
//   sum    = over images on the node: size * nodes with it / nodes
//   score  = 100 * (sum - 23 MiB) / (1000 MiB * containers - 23 MiB), sum held between the two bounds
//
// Source: kube-scheduler plugins/imagelocality/image_locality.go.
import { creditedBytes } from "../../cache/image-states.js";
import { normalizedImageName, type PodInfo } from "../../cache/pod-info.js";
import type { NodeInfo } from "../../cache/node-info.js";
import type { FrameworkHandle, Snapshot } from "../../framework/handle.js";
import { mulDiv } from "../../framework/integer-division.js";
import { MAX_NODE_SCORE } from "../../framework/normalize.js";
import type { ScorePlugin } from "../../framework/plugin.js";

export const NAME = "ImageLocality";
const MIB = 1024 * 1024;
export const MIN_MIB = 23;
export const MAX_MIB_PER_CONTAINER = 1000;
const MIN_BYTES = MIN_MIB * MIB;
const MAX_BYTES_PER_CONTAINER = MAX_MIB_PER_CONTAINER * MIB;

export function createImageLocality({ snapshot }: FrameworkHandle) {
  return {
    name: NAME,
    score: (_state, pod, node) => localityScore(presentBytes(pod, node, snapshot), pod.spec.images.length),
  } satisfies ScorePlugin;
}

/** @param containersCount those that start first included; from 1 */
export function localityScore(bytes: number, containersCount: number): number {
  const maxBytes = MAX_BYTES_PER_CONTAINER * containersCount;
  const held = bytes < MIN_BYTES ? MIN_BYTES : Math.min(bytes, maxBytes);
  return mulDiv(MAX_NODE_SCORE, held - MIN_BYTES, maxBytes - MIN_BYTES);
}

function presentBytes(pod: PodInfo, node: NodeInfo, snapshot: Snapshot): number {
  let sum = 0;
  for (const image of imagesOf(pod)) {
    const state = node.images.has(image) ? snapshot.imageState(image) : undefined;
    if (state !== undefined) sum += creditedBytes(state, snapshot.nodes.length);
  }
  return sum;
}

/** Images of containers and of image volumes; each is weighed and truncated by itself. */
export function imagesOf({ pod, spec }: PodInfo): readonly string[] {
  const volumes = (pod.spec?.volumes ?? []).flatMap(({ image }) =>
    image === undefined ? [] : [normalizedImageName(image.reference ?? "")],
  );
  return volumes.length === 0 ? spec.images : [...spec.images, ...volumes];
}
