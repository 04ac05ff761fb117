// How disturbed is a zone, and how fast may nodes of it be tainted, so that their Pods go?
// Many silent nodes at once are more likely a broken network than many broken nodes: then hurry would make it worse.
// Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go (ComputeZoneState, handleDisruption).
import type { Node } from "../../client/object-types.js";

export type ZoneState = "Initial" | "Normal" | "PartialDisruption" | "FullDisruption";

export interface EvictionRates {
  /** Nodes a second, of a zone that is well. */
  readonly perSecond: number;
  /** Of a large zone that is partly disturbed. */
  readonly secondaryPerSecond: number;
  /** Zones with more nodes are large; smaller ones that are partly disturbed are left alone. */
  readonly largeZoneNodes: number;
  /** Share of nodes that are not ready from which on a zone is partly disturbed. */
  readonly unhealthyShare: number;
}

export const EVICTION_RATES: EvictionRates = {
  perSecond: 0.1,
  secondaryPerSecond: 0.01,
  largeZoneNodes: 50,
  unhealthyShare: 0.55,
};

export interface ZoneCounts {
  readonly ready: number;
  readonly notReady: number;
}

export function zoneState({ ready, notReady }: ZoneCounts, { unhealthyShare }: EvictionRates): ZoneState {
  if (ready === 0 && notReady > 0) return "FullDisruption";
  if (notReady > 2 && notReady / (notReady + ready) >= unhealthyShare) return "PartialDisruption";
  return "Normal";
}

/** Nodes a second. */
export function evictionRate(
  state: ZoneState,
  { ready, notReady }: ZoneCounts,
  rates: EvictionRates,
): number {
  if (state !== "PartialDisruption") return rates.perSecond;
  return ready + notReady > rates.largeZoneNodes ? rates.secondaryPerSecond : 0;
}

/** "region:\0:zone", as upstream's; "" without either. */
export function zoneOf({ metadata }: Node): string {
  const { labels = {} } = metadata;
  const zone =
    labels["topology.kubernetes.io/zone"] ?? labels["failure-domain.beta.kubernetes.io/zone"] ?? "";
  const region =
    labels["topology.kubernetes.io/region"] ?? labels["failure-domain.beta.kubernetes.io/region"] ?? "";
  return zone === "" && region === "" ? "" : `${region}:\0:${zone}`;
}

/** Lets through so many a second, one at a time. */
export class TokenBucket {
  #perSecond: number;
  #tokens = 1;
  #atMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#atMs = nowMs;
  }

  setRate(perSecond: number, nowMs: number): void {
    if (perSecond === this.#perSecond) return;
    this.#refill(nowMs);
    this.#perSecond = perSecond;
  }

  take(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#tokens < 1 || this.#perSecond === 0) return false;
    this.#tokens -= 1;
    return true;
  }

  #refill(nowMs: number): void {
    // Rounding must not cost a whole period.
    this.#tokens = Math.min(1, this.#tokens + ((nowMs - this.#atMs) / 1000) * this.#perSecond + 1e-9);
    this.#atMs = nowMs;
  }
}
