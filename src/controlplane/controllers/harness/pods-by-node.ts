// Pods by the node they are on.
import type { Informer } from "../../client/informer.js";
import type { Pod } from "../../client/object-types.js";

const NODE_INDEX = "node";

function nodeNames({ spec }: Pod): readonly string[] {
  return spec?.nodeName ? [spec.nodeName] : [];
}

/** Makes `podsOn` work on an informer. */
export function indexByNode(pods: Informer<Pod>): void {
  pods.addIndex(NODE_INDEX, nodeNames);
}

/** Cost: O(answer). */
export function podsOn(pods: Informer<Pod>, node: string): Pod[] {
  return pods.lister.byIndex(NODE_INDEX, node);
}
