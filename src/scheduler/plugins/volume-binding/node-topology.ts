// Where on the nodes a volume may be: node affinity of existing volumes, allowed topologies of volumes to come. Both
// look at labels alone: a node's name, which Pods may select by, says nothing about volumes.
// Source: component-helpers storage/volume/helpers.go, pkg/apis/core/v1/helper (MatchTopologySelectorTerms).
import type { NodeSelector, StorageClass } from "../../../api/scheduling.js";
import type { Node } from "../../../api/types.js";
import { labelHolds, nodeLabel } from "../../../api/node-selector.js";

/** Terms are ORed; a term that asks for nothing matches nothing; no affinity means everywhere. */
export function matchesVolumeAffinity(node: Node, affinity: NodeSelector | undefined): boolean {
  if (affinity === undefined) return true;
  return affinity.nodeSelectorTerms.some(({ matchExpressions = [], matchFields = [] }) => {
    const isEmpty = matchExpressions.length === 0 && matchFields.length === 0;
    return !isEmpty && matchExpressions.every((each) => labelHolds(each, nodeLabel(node, each.key)));
  });
}

/** Terms are ORed; an empty term matches nothing; no terms match everywhere. */
export function matchesAllowedTopologies(
  node: Node,
  topologies: StorageClass["allowedTopologies"] = [],
): boolean {
  if (topologies.length === 0) return true;
  return topologies.some(
    ({ matchLabelExpressions: all = [] }) =>
      all.length > 0 &&
      all.every(({ key, values }) => labelHolds({ key, operator: "In", values }, nodeLabel(node, key))),
  );
}
