// The node whose rules are compiled, taken from the cluster's Node objects.
import { LABEL_ZONE, type ClusterObjects, type Node } from "../api/types.js";
import { canonicalIp } from "../base/ip.js";
import { PlumbError } from "../base/errors.js";
import type { ProxyNode } from "./config.js";

/**
 * @param name the node's name; null takes the first
 * @throws {PlumbError} NotFound when the cluster has no such node
 */
export function nodeOf(objects: ClusterObjects, name: string | null): ProxyNode {
  const node =
    name === null ? objects.nodes[0] : objects.nodes.find(({ metadata }) => metadata.name === name);
  if (node === undefined) {
    const known = objects.nodes.slice(0, 5).map(({ metadata }) => metadata.name);
    const listed =
      known.length === 0
        ? "the input has no nodes"
        : `the input has ${known.join(", ")}${objects.nodes.length > 5 ? ", ..." : ""}`;
    throw new PlumbError("NotFound", `Cannot compile for node '${name ?? ""}': no such node; ${listed}`);
  }
  return {
    name: node.metadata.name,
    addresses: reportedAddresses(node),
    podCIDRs: node.spec?.podCIDRs ?? (node.spec?.podCIDR === undefined ? [] : [node.spec.podCIDR]),
    zone: node.metadata.labels?.[LABEL_ZONE] ?? null,
  };
}

/**
 * The InternalIPs. An ExternalIP is usually an address of the cloud's router, on no interface of the node, and so not
 * local to its kernel; it counts only where a node reports nothing else.
 */
function reportedAddresses({ status }: Node): string[] {
  const ofType = (wanted: string) =>
    (status?.addresses ?? []).flatMap(({ type, address }) =>
      type === wanted ? (canonicalIp(address) ?? []) : [],
    );
  const internal = ofType("InternalIP");
  return internal.length > 0 ? internal : ofType("ExternalIP");
}
