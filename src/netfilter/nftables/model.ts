// The nftables rule model: one table of chains, sets and maps, as `nft list table` shows it.
// Statements form a closed set: just what kube-proxy's rules are made of. Expressions name packet fields.
import type { Family } from "../../base/ip.js";

export interface NftTable {
  readonly family: Family;
  readonly name: string;
  readonly comment: string | null;
  readonly chains: Map<string, NftChain>;
  readonly sets: Map<string, NftSet>;
  readonly maps: Map<string, NftMap>;
}

export type NftHook = "prerouting" | "input" | "forward" | "output" | "postrouting";

export interface NftChain {
  readonly name: string;
  /** Set for a base chain. Chains of one hook run in rising priority. */
  readonly base: {
    readonly type: "filter" | "nat";
    readonly hook: NftHook;
    readonly priority: number;
  } | null;
  readonly comment: string | null;
  readonly rules: readonly NftRule[];
}

/** Statements run in order; a match that fails ends the rule. */
export interface NftRule {
  readonly statements: readonly NftStatement[];
  readonly comment: string | null;
}

/** A field of the packet, or what conntrack and the routing table say of it. */
export type NftField = "ip saddr" | "ip daddr" | "meta l4proto" | "th sport" | "th dport" | "iifname";

export type NftVerdict =
  | { readonly kind: "accept" | "drop" | "return" | "reject" }
  | { readonly kind: "jump" | "goto"; readonly chain: string };

export type NftStatement =
  /** field [!=] value; addresses may be CIDRs, interfaces may end in "*"; `values` of several is an anonymous set. */
  | {
      readonly kind: "match";
      readonly field: NftField;
      readonly negated: boolean;
      readonly values: readonly string[];
      /** Written in braces even when there is one value. nft compares with a single one all the same. */
      readonly braced?: true;
    }
  /** field . field [!=] @set */
  | {
      readonly kind: "lookup";
      readonly fields: readonly NftField[];
      readonly negated: boolean;
      readonly set: string;
    }
  | { readonly kind: "ctstate"; readonly states: readonly string[]; readonly negated: boolean }
  | { readonly kind: "ctstatus"; readonly status: "dnat" | "snat" }
  /** fib saddr|daddr type local */
  | {
      readonly kind: "fib";
      readonly side: "saddr" | "daddr";
      readonly type: "local";
      readonly negated: boolean;
    }
  /** meta mark & mask ==|!= value */
  | { readonly kind: "mark"; readonly mask: number; readonly value: number; readonly negated: boolean }
  | { readonly kind: "setmark"; readonly operation: "or" | "xor"; readonly value: number }
  /** field . field vmap @map */
  | { readonly kind: "vmap"; readonly fields: readonly NftField[]; readonly map: string }
  /** numgen random mod N vmap { 0 : verdict, ... }: verdicts.length is N. */
  | { readonly kind: "numgen-vmap"; readonly verdicts: readonly NftVerdict[] }
  /** dnat to numgen random mod N map { 0 : ip . port, ... }: targets.length is N. */
  | { readonly kind: "numgen-dnat"; readonly targets: readonly NftAddress[] }
  | { readonly kind: "dnat"; readonly target: NftAddress }
  | { readonly kind: "masquerade"; readonly fullyRandom: boolean }
  /** update @set { ip saddr } */
  | { readonly kind: "update"; readonly set: string }
  | { readonly kind: "verdict"; readonly verdict: NftVerdict };

export interface NftAddress {
  readonly ip: string;
  readonly port: number;
}

/** Key types, dot-joined in text: "ipv4_addr . inet_proto . inet_service". */
export type NftType = "addr" | "inet_proto" | "inet_service";

export interface NftSet {
  readonly name: string;
  readonly type: readonly NftType[];
  readonly comment: string | null;
  /** Elements expire after this many seconds and are added by `update`; null for a plain set. */
  readonly dynamicTimeoutSeconds: number | null;
  /** Key texts as nft prints them, parts joined by " . ". Value is the element's comment. */
  readonly elements: Map<string, string | null>;
}

export interface NftMap {
  readonly name: string;
  readonly type: readonly NftType[];
  readonly comment: string | null;
  readonly elements: Map<string, { readonly verdict: NftVerdict; readonly comment: string | null }>;
}

/** What one sync changed: chains created or replaced whole, chains deleted, elements deleted, then added. */
export interface NftChange {
  readonly chains: readonly NftChain[];
  readonly removedChains: readonly string[];
  readonly addedSets: readonly NftSet[];
  readonly removedSets: readonly string[];
  readonly setElements: readonly {
    readonly set: string;
    readonly add: readonly { readonly key: string; readonly comment: string | null }[];
    readonly remove: readonly string[];
  }[];
  readonly mapElements: readonly {
    readonly map: string;
    readonly add: readonly {
      readonly key: string;
      readonly verdict: NftVerdict;
      readonly comment: string | null;
    }[];
    readonly remove: readonly string[];
  }[];
}
