// What a compiler in src/proxy hands on: everything one node has programmed for one address family in one mode.
// Tables are the only contract: the tracer, the encoders of src/dataplane and src/kernel start here.
import type { Family } from "../base/ip.js";
import type { IptablesRuleset } from "./iptables/model.js";
import type { IpSet } from "./ipset/model.js";
import type { VirtualServer } from "./ipvs/model.js";
import type { NftTable } from "./nftables/model.js";

export const MODES = ["userspace", "iptables", "ipvs", "nftables"] as const;
export type Mode = (typeof MODES)[number];

interface RuleModelBase {
  readonly family: Family;
  /** Addresses the kernel treats as local (addrtype LOCAL, fib local): node IPs and, for ipvs, kube-ipvs0's. */
  readonly localAddresses: readonly string[];
}

export interface IptablesModel extends RuleModelBase {
  readonly mode: "iptables";
  readonly ruleset: IptablesRuleset;
  /** Sets that the rules name; kube-proxy's iptables mode has none, other people's dumps may. */
  readonly ipsets: readonly IpSet[];
}

export interface IpvsModel extends RuleModelBase {
  readonly mode: "ipvs";
  readonly ruleset: IptablesRuleset;
  readonly ipsets: readonly IpSet[];
  readonly virtualServers: readonly VirtualServer[];
}

export interface NftablesModel extends RuleModelBase {
  readonly mode: "nftables";
  readonly table: NftTable;
}

/** A port on the node behind which a userspace proxy balances one service port. */
export interface ProxyListener {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  /** Printable service port name. */
  readonly servicePort: string;
  /** In the balancer's own (shuffled) order. */
  readonly backends: readonly { readonly ip: string; readonly port: number }[];
  /** ClientIP affinity, seconds; null for none. */
  readonly affinitySeconds: number | null;
}

export interface UserspaceModel extends RuleModelBase {
  readonly mode: "userspace";
  readonly ruleset: IptablesRuleset;
  readonly listeners: readonly ProxyListener[];
}

export type RuleModel = UserspaceModel | IptablesModel | IpvsModel | NftablesModel;
