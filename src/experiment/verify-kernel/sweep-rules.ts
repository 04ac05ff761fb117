// The rules of a ruleset that is timed, and what the packets of its cases make a kernel do. Both sides of a point start
// here: the text is loaded and timed, the counts are priced.
// Cost: compiling, which grows with the Services.
import { plannedCases, type SweepNode, targetIndices } from "../../kernel/timing/sweep-plan.js";
import type { KernelPath, PacketKind } from "../../measure/kernel-record.js";
import type { Counts } from "../../netfilter/counters.js";
import type { RuleModel } from "../../netfilter/rule-model.js";
import { defaultProxyConfig } from "../../proxy/default-config.js";
import { PacketCounter } from "./packet-counter.js";
import { MODE_OF_PATH, type PathRules, pathRules } from "./path-rules.js";
import { POD_CIDR, uniformCluster } from "./uniform-cluster.js";

export const NODE_ADDRESS = "192.168.0.2";
const NODE = { name: "node", addresses: [NODE_ADDRESS], podCIDRs: [], zone: "zone" };

/** By countsKey: counts of a packet to each Service of a case, or to a sample of them. */
export type SweepCounts = ReadonlyMap<string, readonly Counts[]>;

export function countsKey(packet: PacketKind, target: string): string {
  return `${packet}|${target}`;
}

export function sweepRules(path: KernelPath, services: number): PathRules {
  const config = {
    ...defaultProxyConfig(MODE_OF_PATH[path], "IPv4", NODE, { clusterCIDRs: [POD_CIDR] }),
    // Comments stay in and rules stay in the order of the Services, whatever the size: a position is then a position.
    order: "input",
    largeClusterEndpoints: Number.MAX_SAFE_INTEGER,
  } as const;
  return pathRules(path, uniformCluster(services), config);
}

/** @param model the ruleset's, of sweepRules */
export function sweepCounts(what: Extract<SweepNode, { kind: "rules" }>, model: RuleModel): SweepCounts {
  const counter = new PacketCounter(model);
  const counts = new Map<string, readonly Counts[]>();
  for (const packet of ["first", "established"] as const)
    for (const { target } of plannedCases([what], packet))
      counts.set(countsKey(packet, target), counter.count(targetIndices(target, what.services), packet));
  return counts;
}
