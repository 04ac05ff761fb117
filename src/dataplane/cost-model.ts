// Counts -> predicted kernel time of a packet: the empty path, plus conntrack, plus the tables' hooks, plus every counted
// piece of work at its calibrated price. A prediction for the machine of the calibration, labelled `modelled` wherever it
// is shown.
// What it leaves out: NIC, offloads, contention between cores, other software's rules.
// Cost: O(counters).
import { assert } from "../base/assert.js";
import type { Calibration, Curve, Flavour, Price } from "../calibration/calibration.js";
import type { KernelPath } from "../measure/kernel-record.js";
import type { CounterName, Counts } from "../netfilter/counters.js";
import type { Mode } from "../netfilter/rule-model.js";

/** Ways through a kernel that have a price. */
export type PricedPath = KernelPath | "userspace";

/** The path that a mode takes unless told otherwise. */
export const PATH_OF_MODE: Readonly<Record<Mode, PricedPath>> = {
  userspace: "userspace",
  iptables: "iptables-legacy",
  ipvs: "ipvs",
  nftables: "nftables",
};

/** The code that walks a path's rules. */
const FLAVOUR_OF_PATH: Readonly<Record<PricedPath, Flavour>> = {
  userspace: "iptables-legacy",
  "iptables-legacy": "iptables-legacy",
  "iptables-nft": "iptables-nft",
  nftables: "nftables",
  ipset: "iptables-legacy",
  ipvs: "iptables-legacy",
};

export interface CostInput {
  readonly path: PricedPath;
  /** Counts of one packet, or means over packets. */
  readonly counts: Readonly<Counts>;
  readonly packet: "first" | "established";
  /** Services that the traffic asks for; more of them keep fewer chains in the cache. */
  readonly distinctTargets: number;
  readonly calibration: Calibration;
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

function pathParts({ path, packet, counts, calibration }: CostInput): Record<string, number> {
  const prices = calibration.path;
  const { hooksFirst, hooksEstablished, natApply } = calibration.flavours[FLAVOUR_OF_PATH[path]];
  if (packet === "first")
    return { path: prices.first.ns, conntrack: prices.conntrackFirst.ns, ...charged("hooks", hooksFirst) };
  // IPVS rewrites the packet itself; that is in its connection lookups.
  const rewritten = counts.ipvsConnLookups > 0 ? 0 : natApply.ns;
  return {
    path: prices.established.ns,
    conntrack: prices.conntrackEstablished.ns,
    ...charged("hooks", hooksEstablished),
    nat: rewritten,
  };
}

function charged(name: string, { ns }: Price): Record<string, number> {
  return ns === 0 ? {} : { [name]: ns };
}

function workParts({ path, counts, calibration }: CostInput): Record<string, number> {
  const { scan, work } = calibration.flavours[FLAVOUR_OF_PATH[path]];
  const walked = piecewise(scan, counts.rulesEvaluated);
  const parts: Record<string, number> = walked > 0 ? { rules: walked } : {};
  for (const prices of path === "ipvs" ? [work, calibration.ipvs.work] : [work]) {
    for (const [name, price] of Object.entries(prices)) {
      const count = counts[name as CounterName];
      if (count > 0) parts[name] = (parts[name] ?? 0) + count * price.ns;
    }
  }
  return parts;
}

function coldPart({ path, packet, distinctTargets, calibration }: CostInput): Record<string, number> {
  if (packet === "established" && path !== "ipvs") return {};
  const curve = packet === "first" ? coldCurve(path, calibration) : calibration.ipvs.coldEstablished;
  const cold = piecewise(curve, distinctTargets);
  return cold > 0 ? { coldCaches: cold } : {};
}

/** What is cold differs: chains of a Service's own, elements of sets, virtual servers. */
function coldCurve(path: PricedPath, { flavours, sets, ipvs }: Calibration): Curve {
  if (path === "ipset") return sets.cold;
  return path === "ipvs" ? ipvs.cold : flavours[FLAVOUR_OF_PATH[path]].cold;
}

function proxyParts({ path, packet, counts, calibration }: CostInput): Record<string, number> {
  if (path !== "userspace" || counts.contextSwitches === 0) return {};
  const { connection, relay, copyPerByte } = calibration.proxy;
  const handling = packet === "first" ? { proxyConnection: connection.ns } : { proxyRelay: relay.ns };
  return { ...handling, proxyCopy: counts.bytesCopied * copyPerByte.ns };
}

/** Of what kind the prices of a path are, for a reader: "13 of its 15 prices measured; assumed: ...". */
export function priceOrigins(path: PricedPath, calibration: Calibration): string {
  const { work, natApply, scan, hooksFirst, hooksEstablished } = calibration.flavours[FLAVOUR_OF_PATH[path]];
  const cold = coldCurve(path, calibration);
  const prices = [hooksFirst, hooksEstablished, scan, natApply, cold, ...Object.values(work)];
  if (path === "ipvs") prices.push(...Object.values(calibration.ipvs.work));
  if (path === "userspace") prices.push(...Object.values(calibration.proxy));
  const of = (origin: Price["origin"]) => prices.filter((price) => price.origin === origin);
  const assumed = of("assumed").map(({ what }) => what);
  const rest = assumed.length === 0 ? "" : `; assumed: ${assumed.join("; ")}`;
  return `${of("measured").length} of ${prices.length} prices measured, ${of("derived").length} derived${rest}`;
}

/** Linear between the points, along the last segment beyond them. */
function piecewise({ points }: Curve, x: number): number {
  assert(points.length >= 2, `${points.length} points make no line`);
  const after = points.findIndex(([pointX], index) => index > 0 && x <= pointX);
  const end = after < 0 ? points.length - 1 : after;
  const [x0, y0] = points[end - 1] as readonly [number, number];
  const [x1, y1] = points[end] as readonly [number, number];
  return y0 + ((x - x0) * (y1 - y0)) / (x1 - x0);
}
