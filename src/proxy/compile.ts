// The state of one node -> the rules of the mode that its configuration names.
import type { RuleModel } from "../netfilter/rule-model.js";
import { compileIptables } from "./iptables/compile.js";
import { compileIpvs } from "./ipvs/compile.js";
import { compileNftables } from "./nftables/compile.js";
import { compileUserspace } from "./userspace/compile.js";
import type { ProxyConfig } from "./config.js";
import type { ProxyState } from "./service-port.js";

/**
 * Compile for config.mode and config.family. Pure: equal input gives equal rules, in equal order.
 *
 * @param state built for the same node and family as `config` names
 * @throws {PlumbError} LimitExceeded when a mode cannot hold so many service ports
 */
export function compile(state: ProxyState, config: ProxyConfig): RuleModel {
  switch (config.mode) {
    case "userspace":
      return compileUserspace(state, config);
    case "iptables":
      return compileIptables(state, config);
    case "ipvs":
      return compileIpvs(state, config);
    case "nftables":
      return compileNftables(state, config);
  }
}
