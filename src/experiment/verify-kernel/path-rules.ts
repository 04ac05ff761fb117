// What is loaded into a kernel by each path, and the rule model that says what it must do.
import type { ClusterObjects } from "../../api/types.js";
import { assert } from "../../base/assert.js";
import type { RuleText } from "../../kernel/host/rule-loading.js";
import type { KernelPath } from "../../measure/kernel-record.js";
import type { IpvsModel, Mode, RuleModel } from "../../netfilter/rule-model.js";
import { printIpsets } from "../../netfilter/ipset/text.js";
import type { ProxyConfig } from "../../proxy/config.js";
import { loadDocument } from "../../proxy/load-document.js";
import { COMPILERS } from "../../proxy/modes.js";
import { nodeAddresses } from "../../proxy/node-port-addresses.js";
import type { ProxyState } from "../../proxy/service-port.js";
import { buildProxyState } from "../../proxy/state/build-state.js";
import { ipsetModel } from "./ipset-model.js";

/** The proxy mode whose rules a path takes into the kernel. */
export const MODE_OF_PATH: Readonly<Record<KernelPath, Mode>> = {
  "iptables-legacy": "iptables",
  "iptables-nft": "iptables",
  nftables: "nftables",
  ipset: "ipvs",
  ipvs: "ipvs",
};

export interface PathRules {
  readonly state: ProxyState;
  readonly model: RuleModel;
  /** In the order in which they load. */
  readonly texts: readonly RuleText[];
}

/** @param config of the path's mode */
export function pathRules(path: KernelPath, objects: ClusterObjects, config: ProxyConfig): PathRules {
  assert(config.mode === MODE_OF_PATH[path], `a configuration of mode ${config.mode} for path ${path}`);
  const state = buildProxyState(objects, config);
  const compiler = COMPILERS[config.mode];
  const model = compiler.compile(state, config);
  if (path !== "ipset") return { state, model, texts: compiler.documents(state, config) };
  const { ipsets } = model as IpvsModel;
  const asRules = ipsetModel(model as IpvsModel, nodeAddresses(config));
  return {
    state,
    model: asRules,
    texts: [
      { part: "ipset", text: () => printIpsets(ipsets) },
      { part: "iptables", text: () => loadDocument(asRules) },
    ],
  };
}
