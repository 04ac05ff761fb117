// Counts -> predicted kernel time of a packet: the empty path, plus conntrack, plus every counted piece of work at its
// calibrated cost. A prediction for the machine of calibration.ts, labelled `modelled` wherever it is shown.
// What it leaves out: NIC, offloads, contention between cores, other software's rules.
// Cost: O(counters).
import { assert } from "../base/assert.js";
import type { CounterName, Counts } from "../netfilter/counters.js";
import type { Mode } from "../netfilter/rule-model.js";
import {
  COLD_TARGETS,
  type CostTable,
  IPVS_COSTS,
  LEGACY_COSTS,
  LEGACY_SCAN,
  NAT_APPLY,
  NFT_COSTS,
  PATH,
  PROXY,
} from "./calibration.js";

export interface CostInput {
  readonly mode: Mode;
  /** Counts of one packet, or means over packets. */
  readonly counts: Readonly<Counts>;
  readonly packet: "first" | "established";
  /** Services that the traffic asks for; more of them keep fewer chains in the cache. */
  readonly distinctTargets: number;
}

export interface ModelledCost {
  readonly ns: number;
  /** Part -> ns; they add up to `ns`. */
  readonly parts: Readonly<Record<string, number>>;
}

export function modelKernelNs(input: CostInput): ModelledCost {
  const parts: Record<string, number> = {
    ...pathParts(input),
    ...workParts(input),
    ...coldPart(input),
    ...proxyParts(input),
  };
  const ns = Object.values(parts).reduce((sum, part) => sum + part, 0);
  return { ns, parts };
}

function pathParts({ packet, counts, mode }: CostInput): Record<string, number> {
  if (packet === "first") return { path: PATH.first.ns, conntrack: PATH.conntrackFirst.ns };
  const nat = mode === "nftables" ? NAT_APPLY.nft.ns : NAT_APPLY.legacy.ns;
  // IPVS rewrites the packet itself; that is in its connection lookups.
  const rewritten = counts.ipvsConnLookups > 0 ? 0 : nat;
  return { path: PATH.established.ns, conntrack: PATH.conntrackEstablished.ns, nat: rewritten };
}

/** Row tables of a mode, in the order they are charged. */
const TABLES: Record<Mode, readonly CostTable[]> = {
  userspace: [LEGACY_COSTS],
  iptables: [LEGACY_COSTS],
  ipvs: [LEGACY_COSTS, IPVS_COSTS],
  nftables: [NFT_COSTS],
};

function workParts({ mode, counts }: CostInput): Record<string, number> {
  const parts: Record<string, number> = {};
  if (mode !== "nftables") parts["rules"] = piecewise(LEGACY_SCAN, counts.rulesEvaluated);
  for (const table of TABLES[mode]) {
    for (const [name, row] of Object.entries(table)) {
      const count = counts[name as CounterName];
      if (count > 0) parts[name] = (parts[name] ?? 0) + count * row.ns;
    }
  }
  return parts;
}

function coldPart({ mode, packet, distinctTargets }: CostInput): Record<string, number> {
  if (packet === "established") return {};
  const curve = COLD_TARGETS[mode === "nftables" ? "nft" : mode === "ipvs" ? "ipvs" : "legacy"];
  const cold = piecewise(curve, distinctTargets);
  return cold > 0 ? { coldCaches: cold } : {};
}

function proxyParts({ mode, packet, counts }: CostInput): Record<string, number> {
  if (mode !== "userspace" || counts.contextSwitches === 0) return {};
  const handling =
    packet === "first" ? { proxyConnection: PROXY.connection.ns } : { proxyRelay: PROXY.relay.ns };
  return { ...handling, proxyCopy: counts.bytesCopied * PROXY.copyPerByte.ns };
}

/** Linear between the points, along the last segment beyond them. */
function piecewise(points: readonly (readonly [number, number])[], x: number): number {
  assert(points.length >= 2, `${points.length} points make no line`);
  const after = points.findIndex(([pointX], index) => index > 0 && x <= pointX);
  const end = after < 0 ? points.length - 1 : after;
  const [x0, y0] = points[end - 1] as readonly [number, number];
  const [x1, y1] = points[end] as readonly [number, number];
  return y0 + ((x - x0) * (y1 - y0)) / (x1 - x0);
}
