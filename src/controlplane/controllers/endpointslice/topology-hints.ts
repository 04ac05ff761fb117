// Which zones (and nodes) an endpoint is meant for.
//
// Auto: each zone gets endpoints in proportion to its nodes' CPU. Endpoints first serve their own zone; zones that have
// too many then give to zones that have fewer than they need not to be overloaded by more than a fifth.
// PreferClose, PreferSameZone, PreferSameNode: an endpoint serves its own zone (and node), whatever the load.
// Source: endpointslice/topologycache (topologycache.go, sliceinfo.go, utils.go), endpointslice/trafficdist.
import { quantityMilliValue } from "../../../api/quantity.js";
import type { SliceEndpoint } from "../../client/cluster-resources.js";
import type { Node } from "../../client/object-types.js";
import { conditionOf } from "../harness/conditions.js";

const OVERLOAD_MAX = 0.2;
const ZONE = "topology.kubernetes.io/zone";
const CONTROL_PLANE = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/** Share of all CPU by zone; null when there are not two zones to choose from, or a node does not say. */
export function cpuSharesByZone(nodes: Iterable<Node>): ReadonlyMap<string, number> | null {
  const milliByZone = new Map<string, number>();
  let total = 0;
  for (const node of nodes) {
    const { labels = {} } = node.metadata;
    if (CONTROL_PLANE.some((label) => Object.hasOwn(labels, label))) continue;
    if (conditionOf(node.status?.conditions, "Ready")?.status !== "True") continue;
    const zone = labels[ZONE];
    const milli = quantityMilliValue(node.status?.allocatable?.["cpu"] ?? 0) ?? 0;
    if (!zone || milli === 0) return null;
    milliByZone.set(zone, (milliByZone.get(zone) ?? 0) + milli);
    total += milli;
  }
  if (milliByZone.size < 2) return null;
  return new Map([...milliByZone].map(([zone, milli]) => [zone, milli / total]));
}

export type Refusal =
  | "InsufficientNodeInfo"
  | "InsufficientNumberOfEndpoints"
  | "MinAllocationExceedsOverloadThreshold"
  | "NoZoneSpecified";

export const REFUSAL_MESSAGES: Readonly<Record<Refusal, string>> = {
  InsufficientNodeInfo:
    "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes",
  InsufficientNumberOfEndpoints:
    "Insufficient number of endpoints, impossible to safely allocate proportionally",
  MinAllocationExceedsOverloadThreshold:
    "Minimum allocation of required endpoints exceeds the overload threshold",
  NoZoneSpecified: "One or more endpoints do not have a zone specified",
};

interface Share {
  readonly desired: number;
  readonly minimum: number;
}

/** Zone of each endpoint, by its place in `endpoints`; null for those that are not ready. Or why there are none. */
export function autoZones(
  endpoints: readonly SliceEndpoint[],
  shares: ReadonlyMap<string, number> | null,
): readonly (string | null)[] | Refusal {
  const ready = endpoints.filter(isReadyEndpoint);
  if (shares === null) return "InsufficientNodeInfo";
  if (shares.size > ready.length) return "InsufficientNumberOfEndpoints";
  if (ready.some(({ zone }) => !zone)) return "NoZoneSpecified";
  const wanted = sharesOf(shares, ready.length);
  if (wanted === null) return "MinAllocationExceedsOverloadThreshold";
  const zones = endpoints.map((endpoint) => startZone(endpoint, wanted));
  redistribute(zones, wanted);
  return zones;
}

/** The hint it has, when that is still sensible, keeps slices from changing. */
function startZone(endpoint: SliceEndpoint, wanted: ReadonlyMap<string, Share>): string | null {
  if (!isReadyEndpoint(endpoint)) return null;
  const hinted = endpoint.hints?.forZones?.[0]?.name;
  return hinted !== undefined && wanted.has(hinted) ? hinted : (endpoint.zone ?? null);
}

function sharesOf(shares: ReadonlyMap<string, number>, count: number): Map<string, Share> | null {
  const wanted = new Map<string, Share>();
  for (const [zone, share] of shares) {
    const desired = share * count;
    // Some zone must have one endpoint but should have much less than one: others would be overloaded.
    if (desired < 1 && 1 / desired - 1 > OVERLOAD_MAX) return null;
    wanted.set(zone, { desired, minimum: Math.ceil(desired / (1 + OVERLOAD_MAX)) });
  }
  return wanted;
}

function redistribute(zones: (string | null)[], wanted: ReadonlyMap<string, Share>): void {
  const counts = new Map<string, number>();
  for (const zone of zones) if (zone !== null) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  const receivers = [...wanted].filter(([zone, { minimum }]) => (counts.get(zone) ?? 0) < minimum);
  for (const [receiver, { desired }] of receivers) {
    const goal = Math.max(1, Math.floor(desired));
    for (let index = 0; index < zones.length && (counts.get(receiver) ?? 0) < goal; index++) {
      const giver = zones[index];
      if (giver === null || giver === undefined || giver === receiver) continue;
      const given = counts.get(giver) ?? 0;
      if (
        given - 1 < Math.ceil(wanted.get(giver)?.minimum ?? 0) ||
        given <= (wanted.get(giver)?.desired ?? 0)
      )
        continue;
      zones[index] = receiver;
      counts.set(giver, given - 1);
      counts.set(receiver, (counts.get(receiver) ?? 0) + 1);
    }
  }
}

export type TrafficDistribution = "PreferClose" | "PreferSameZone" | "PreferSameNode";

export function isTrafficDistribution(value: string | undefined): value is TrafficDistribution {
  return value === "PreferClose" || value === "PreferSameZone" || value === "PreferSameNode";
}

export function distributionHints(
  endpoint: SliceEndpoint,
  distribution: TrafficDistribution,
): SliceEndpoint["hints"] {
  if (!isReadyEndpoint(endpoint)) return undefined;
  const { zone, nodeName } = endpoint;
  const forZones = zone ? { forZones: [{ name: zone }] } : {};
  const forNodes = distribution === "PreferSameNode" && nodeName ? { forNodes: [{ name: nodeName }] } : {};
  const hints = { ...forZones, ...forNodes };
  return Object.keys(hints).length === 0 ? undefined : hints;
}

export function withHints(endpoint: SliceEndpoint, hints: SliceEndpoint["hints"]): SliceEndpoint {
  if (isSameHints(endpoint.hints, hints)) return endpoint;
  const { hints: _before, ...bare } = endpoint;
  return hints === undefined ? bare : { ...bare, hints };
}

function isSameHints(left: SliceEndpoint["hints"], right: SliceEndpoint["hints"]): boolean {
  const text = (names: readonly { readonly name: string }[] | undefined) =>
    (names ?? []).map(({ name }) => name).join(",");
  return (
    text(left?.forZones) === text(right?.forZones) &&
    text(left?.forNodes) === text(right?.forNodes) &&
    (left === undefined) === (right === undefined)
  );
}

function isReadyEndpoint({ conditions }: SliceEndpoint): boolean {
  return conditions?.ready !== false;
}
