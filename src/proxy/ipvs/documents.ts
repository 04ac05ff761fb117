// What ipvs mode programs, as three texts that the real tools load into a fresh namespace, in this order:
//   ipset restore        < ipset.restore      the sets, which the rules name
//   iptables-restore     < iptables.restore   (ip6tables-restore for IPv6)
//   ipvsadm-restore      < ipvsadm.restore
// Addresses of the device kube-ipvs0 are not among them: they are the elements of KUBE-IPVS-IPS.
// Source: ipset(8), iptables-restore(8), ipvsadm(8).
import { printRestore } from "../../netfilter/iptables/text.js";
import { printIpsets } from "../../netfilter/ipset/text.js";
import { ipvsadmLines } from "../../netfilter/ipvs/text.js";
import type { IpvsModel } from "../../netfilter/rule-model.js";

/** The documents by file name, in the order in which they are loaded. */
export const IPVS_DOCUMENTS = ["ipset.restore", "iptables.restore", "ipvsadm.restore"] as const;
export type IpvsDocumentName = (typeof IPVS_DOCUMENTS)[number];

/** One document, in chunks of whole lines. The iptables one has kube-proxy's order of tables: nat, then filter. */
export function ipvsDocument(model: IpvsModel, name: IpvsDocumentName): Iterable<string> {
  switch (name) {
    case "ipset.restore":
      return printIpsets(model.ipsets);
    case "iptables.restore":
      return printRestore(model.ruleset, { tables: ["nat", "filter"] });
    case "ipvsadm.restore":
      return ipvsadmLines(model.virtualServers);
  }
}
