// What one sync changed in a rule model, small enough to be applied to a table image in place.
import type { Chain, TableName } from "./iptables/model.js";
import type { VirtualServer } from "./ipvs/model.js";
import type { NftChange } from "./nftables/model.js";

export type RuleChange = IptablesChange | IpvsChange | NftablesChange;

/** Chains to create or replace whole, then user chains to delete. */
export interface IptablesChange {
  readonly mode: "iptables" | "userspace";
  readonly chains: readonly { readonly table: TableName; readonly chain: Chain }[];
  readonly removed: readonly { readonly table: TableName; readonly name: string }[];
}

export interface IpvsChange {
  readonly mode: "ipvs";
  /** Virtual servers to create or replace whole (identity: protocol, ip, port). */
  readonly virtualServers: readonly VirtualServer[];
  readonly removedServers: readonly Pick<VirtualServer, "protocol" | "ip" | "port">[];
  readonly sets: readonly {
    readonly name: string;
    readonly add: readonly string[];
    readonly remove: readonly string[];
  }[];
  /** Chains whose text changed; usually none, the rules are constant. */
  readonly chains: IptablesChange["chains"];
}

export interface NftablesChange {
  readonly mode: "nftables";
  readonly change: NftChange;
}
