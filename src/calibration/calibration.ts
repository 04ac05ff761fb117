// What a kernel's work costs: ns per counted piece of it, by the code that does it. A modelled time is counts times these
// prices, so a calibration is all that ties a prediction to a machine.
// Rule: a price comes from a primitive (many copies of one rule, one bare rule, an empty table) or from a control, never
// from a ruleset that predictions are scored on.
//
// How a packet is priced (dataplane/cost-model.ts):
//   the empty node                path.first | path.established
//   + connection tracking         path.conntrackFirst | path.conntrackEstablished
//   + the tables' hooks           flavour.hooks*                 what empty tables cost a packet that crosses them
//   + walking rules               flavour.scan(rulesEvaluated)   a curve: a table that leaves the cache costs more a rule
//   + counted work                flavour.work[counter] * count
//   + rewriting a known flow      flavour.natApply
//   + cold chains                 flavour.cold(distinct targets)
import type { CounterName } from "../netfilter/counters.js";

/** Semantic version of this layout. */
export const CALIBRATION_VERSION = "1.0.0";

/**
 * measured: the slope or difference of repeated runs. derived: what is left of a measured whole after its measured
 * parts. assumed: could not be measured; the note says what it rests on.
 */
export const ORIGINS = ["measured", "derived", "assumed"] as const;

export interface Price {
  readonly ns: number;
  readonly origin: (typeof ORIGINS)[number];
  readonly what: string;
}

export interface Curve {
  /** [how many, ns in all] of a piecewise line, rising; along its last segment beyond them. */
  readonly points: readonly (readonly [number, number])[];
  readonly origin: Price["origin"];
  readonly what: string;
}

/** Code that walks rules. ipset and ipvs rules are walked by iptables-legacy; ip_vs comes on top. */
export const FLAVOURS = ["iptables-legacy", "iptables-nft", "nftables"] as const;
export type Flavour = (typeof FLAVOURS)[number];

export interface FlavourPrices {
  /** What kube-proxy's tables cost a packet while they hold no rule. */
  readonly hooksFirst: Price;
  readonly hooksEstablished: Price;
  /** Rules walked -> ns of their bases: reaching a rule and comparing its header. */
  readonly scan: Curve;
  /** Net of the rule's base. */
  readonly work: Readonly<Partial<Record<CounterName, Price>>>;
  /** Rewriting a packet of a connection that is translated. */
  readonly natApply: Price;
  /** Distinct targets -> ns that a first packet pays for chains that others pushed out of the cache. */
  readonly cold: Curve;
}

/** Elements of sets that others pushed out of the cache: what the hashed rules pay instead of cold chains. */
export interface SetPrices {
  readonly cold: Curve;
}

/** ip_vs on top of the rules: its work, and cold services and connections. */
export interface IpvsPrices {
  readonly work: Readonly<Partial<Record<CounterName, Price>>>;
  /** Distinct targets -> ns that a first packet pays for services, servers and chains that others pushed out. */
  readonly cold: Curve;
  /** The same for an established packet: each counts on its service and on its server, where rules count on none. */
  readonly coldEstablished: Curve;
}

/** A userspace proxy, wall time on a loopback. */
export interface ProxyPrices {
  readonly connection: Price;
  readonly relay: Price;
  readonly copyPerByte: Price;
}

export interface Calibration {
  readonly schemaVersion: string;
  /** For a reader: processor, caches, kernel, tools. */
  readonly machine: string;
  /** Of the environment it was measured in (measure/environment); null for one recorded elsewhere. */
  readonly fingerprint: string | null;
  /** RFC 3339, UTC. */
  readonly measuredAt: string;
  readonly path: {
    readonly first: Price;
    readonly established: Price;
    readonly conntrackFirst: Price;
    readonly conntrackEstablished: Price;
  };
  readonly flavours: Readonly<Record<Flavour, FlavourPrices>>;
  readonly sets: SetPrices;
  readonly ipvs: IpvsPrices;
  readonly proxy: ProxyPrices;
}
