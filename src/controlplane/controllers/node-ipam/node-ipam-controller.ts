// Gives every node a range of Pod addresses, of each family.
// Source: pkg/controller/nodeipam/ipam/range_allocator.go.
import type { Node } from "../../client/object-types.js";
import { clientOf, NODES } from "../../client/resources.js";
import type { Controller } from "../harness/controller.js";
import { CidrSet } from "./cidr-set.js";

export interface ClusterCidr {
  /** "10.244.0.0/16": 256 nodes of /24; "10.128.0.0/9" has room for 32,768. */
  readonly cidr: string;
  /** Prefix length of a node's range. */
  readonly nodeMask: number;
}

/** @param clusterCidrs one, or one of each family @throws {PlumbError} Usage when a range cannot be cut so */
export function nodeIpamController(clusterCidrs: readonly ClusterCidr[]): Controller {
  const sets = clusterCidrs.map(({ cidr, nodeMask }) => new CidrSet(cidr, nodeMask));
  return {
    name: "nodeipam",
    component: "cidrAllocator",
    workersCount: 30,
    start({ informers, queue, client, events }) {
      const nodes = informers.informer(NODES);
      nodes.addHandler({
        onAdd: (node) => {
          // All that are there are known before the first one is given a range.
          for (const cidr of rangesOf(node)) for (const set of sets) set.occupy(cidr);
          if (rangesOf(node).length === 0) queue.add(node.metadata.name);
        },
        onUpdate: (_, node) => {
          if (rangesOf(node).length === 0) queue.add(node.metadata.name);
        },
        onDelete: (node) => {
          for (const cidr of rangesOf(node)) for (const set of sets) set.release(cidr);
        },
      });
      const given = new Map<string, readonly string[]>();
      return async (name) => {
        const node = nodes.lister.get(name);
        if (node === undefined || rangesOf(node).length > 0) {
          // It went before its range was written, or has it now.
          if (node === undefined) for (const cidr of given.get(name) ?? []) release(sets, cidr);
          given.delete(name);
          return;
        }
        const podCIDRs = given.get(name) ?? allocate(sets);
        if (podCIDRs === null) {
          events.record(node, "Normal", "CIDRNotAvailable", `Node ${name} status is now: CIDRNotAvailable`);
          throw new Error(`no range of Pod addresses is left for node ${name}`);
        }
        given.set(name, podCIDRs);
        const { uid } = node.metadata;
        await clientOf(client, NODES, null).patch(name, "merge", {
          metadata: { uid },
          spec: { podCIDR: podCIDRs[0], podCIDRs },
        });
        given.delete(name);
      };
    },
  };
}

/** One of each family; null, and nothing taken, when one family has none left. */
function allocate(sets: readonly CidrSet[]): readonly string[] | null {
  const ranges: string[] = [];
  for (const set of sets) {
    const range = set.allocate();
    if (range === null) {
      for (const taken of ranges) release(sets, taken);
      return null;
    }
    ranges.push(range);
  }
  return ranges;
}

function release(sets: readonly CidrSet[], cidr: string): void {
  for (const set of sets) set.release(cidr);
}

function rangesOf({ spec }: Node): readonly string[] {
  if ((spec?.podCIDRs ?? []).length > 0) return spec?.podCIDRs ?? [];
  return spec?.podCIDR ? [spec.podCIDR] : [];
}
