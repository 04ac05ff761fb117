// The iptables rule model: tables of chains of rules, as iptables-save lists them.
// One model per address family. The same objects are printed (text.ts), walked (tracer.ts) and encoded (dataplane).
import type { Cidr, Family } from "../../base/ip.js";
import type { CtState } from "../packet.js";

export const TABLE_NAMES = ["raw", "mangle", "nat", "filter"] as const;
export type TableName = (typeof TABLE_NAMES)[number];

export const HOOKS = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"] as const;
export type Hook = (typeof HOOKS)[number];

/** A match of a value with optional inversion ("! -s ..."). */
export interface Negatable<T> {
  readonly value: T;
  readonly negated: boolean;
}

/** Inclusive range of ports or numbers. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/**
 * One extension match, in the order written. `portMatch` covers `-m tcp/udp/sctp --sport/--dport/--tcp-flags` and
 * multiport. `opaque` is a match that a packet model cannot decide (owner, string, bpf, limit...): it is taken to be
 * `assumed`, and whoever reads the result is told.
 */
export type Match =
  | { readonly kind: "comment"; readonly text: string }
  | {
      readonly kind: "port";
      /** Extension name as written after -m: "tcp", "udp", "sctp", "multiport". */
      readonly extension: string;
      readonly source: Negatable<readonly Range[]> | null;
      readonly destination: Negatable<readonly Range[]> | null;
      /** multiport --ports: either end. */
      readonly either: Negatable<readonly Range[]> | null;
      /** --tcp-flags MASK COMP (also --syn). */
      readonly tcpFlags: (Negatable<number> & { readonly mask: number }) | null;
    }
  | { readonly kind: "icmp"; readonly extension: string; readonly type: Negatable<string> }
  | {
      readonly kind: "conntrack";
      /** Bits by position in CT_STATES plus "DNAT" and "SNAT" virtual states. */
      readonly states: Negatable<readonly (CtState | "DNAT" | "SNAT")[]>;
      /** True when written with the obsolete `-m state --state`. */
      readonly legacyState: boolean;
    }
  | { readonly kind: "mark"; readonly mark: Negatable<{ readonly value: number; readonly mask: number }> }
  | {
      readonly kind: "addrtype";
      readonly source: Negatable<string> | null;
      readonly destination: Negatable<string> | null;
      readonly limitInterface: "in" | "out" | null;
    }
  | {
      readonly kind: "statistic";
      readonly mode: "random";
      /** Kernel form: matches when (random32 & 0x7fffffff) < threshold; threshold = round(p * 2^31). */
      readonly threshold: number;
      /** The text after --probability. */
      readonly text: string;
      readonly negated: boolean;
    }
  | {
      readonly kind: "statistic";
      readonly mode: "nth";
      readonly every: number;
      readonly packet: number;
      readonly negated: boolean;
    }
  | {
      readonly kind: "recent";
      readonly name: string;
      readonly operation: "set" | "rcheck" | "update" | "remove";
      readonly negated: boolean;
      readonly seconds: number | null;
      readonly reap: boolean;
      readonly hitcount: number | null;
      readonly side: "source" | "destination";
    }
  | {
      readonly kind: "set";
      readonly name: string;
      /** Where each dimension of the set's key comes from. */
      readonly sides: readonly ("src" | "dst")[];
      readonly negated: boolean;
    }
  | {
      readonly kind: "iprange";
      readonly source: Negatable<IpRange> | null;
      readonly destination: Negatable<IpRange> | null;
    }
  | {
      readonly kind: "physdev";
      /** Whether the packet must have come in through a bridge port; our packets never do. */
      readonly isIn: Negatable<true>;
    }
  | {
      /**
       * Whether IPVS sends the packet on to a server of this virtual service. The kernel asks behind IPVS, where the
       * packet is for the server already; rules are walked before it here, where it still is for the service.
       */
      readonly kind: "ipvs";
      readonly protocol: string;
      readonly address: string;
      readonly port: number;
    }
  | { readonly kind: "opaque"; readonly extension: string; readonly text: string; readonly assumed: boolean };

export interface IpRange {
  readonly first: string;
  readonly last: string;
}

export type Target =
  | { readonly kind: "accept" | "drop" | "return" | "masquerade"; readonly options: string }
  | { readonly kind: "reject"; readonly rejectWith: string | null }
  | { readonly kind: "jump" | "goto"; readonly chain: string }
  | { readonly kind: "dnat"; readonly to: AddressRange; readonly options: string }
  | { readonly kind: "snat"; readonly to: AddressRange; readonly options: string }
  | { readonly kind: "redirect"; readonly ports: Range | null; readonly options: string }
  /** mark = (mark & ~mask) ^ value: what --set-xmark, --or-mark, --and-mark and --xor-mark all mean. */
  | { readonly kind: "mark"; readonly value: number; readonly mask: number; readonly text: string }
  | { readonly kind: "notrack"; readonly options: string }
  /** A target that changes nothing a packet model sees (LOG, CT, TCPMSS, NFLOG, CONNMARK...); the walk goes on. */
  | { readonly kind: "continue"; readonly name: string; readonly options: string };

/** Destination of a translation; null parts are left as they are. */
export interface AddressRange {
  readonly first: string | null;
  readonly last: string | null;
  readonly ports: Range | null;
}

export interface Rule {
  readonly source: Negatable<Cidr> | null;
  readonly destination: Negatable<Cidr> | null;
  /** "eth0", or "veth+" for a prefix. */
  readonly inInterface: Negatable<string> | null;
  readonly outInterface: Negatable<string> | null;
  /** Protocol name or number as written after -p; "all" is null. */
  readonly protocol: Negatable<string> | null;
  readonly matches: readonly Match[];
  /** null: a rule without target, which only counts. */
  readonly target: Target | null;
}

export interface Chain {
  readonly name: string;
  /** Policy of a built-in chain; null for a user-defined one. */
  readonly policy: "ACCEPT" | "DROP" | null;
  readonly rules: Rule[];
}

export interface Table {
  readonly name: TableName;
  /** In the order listed. */
  readonly chains: Map<string, Chain>;
}

export interface IptablesRuleset {
  readonly family: Family;
  readonly tables: Map<TableName, Table>;
}
