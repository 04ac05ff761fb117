// What makes a node one in ipvs mode, as commands for its namespace: settings, the device that makes virtual addresses
// local, and the texts of sets, rules and virtual servers. They fit any kernel with ip_vs, native or user-mode.
// Source: kube-proxy pkg/proxy/ipvs/proxier.go (NewProxier), netlink_linux.go (EnsureDummyDevice, EnsureAddressBind).
import { familyOf } from "../../base/ip.js";
import { printRestore } from "../../netfilter/iptables/text.js";
import { printIpsets } from "../../netfilter/ipset/text.js";
import { ipvsadmLines } from "../../netfilter/ipvs/text.js";
import type { IpvsModel } from "../../netfilter/rule-model.js";
import type { Command } from "./command.js";
import { loadRules } from "./rule-loading.js";

const DEVICE = "kube-ipvs0";
/** Sets whose elements are the addresses of that device. */
const ADDRESS_SETS = ["KUBE-IPVS-IPS", "KUBE-6-IPVS-IPS"];

/** Of either family; conn_reuse_mode is set only before Linux 5.9 and left as it is since. */
const SETTINGS = [
  "net.ipv4.vs.conntrack=1",
  "net.ipv4.vs.expire_nodest_conn=1",
  "net.ipv4.vs.expire_quiescent_template=1",
  "net.ipv4.ip_forward=1",
];
const STRICT_ARP_SETTINGS = ["net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2"];

export interface IpvsNodeOptions {
  /** The node's namespace, which has its interfaces and addresses already. */
  readonly netns: string;
  readonly strictArp: boolean;
}

/** Commands, in order, for a namespace that knows nothing of IPVS yet. */
export function ipvsNodeCommands(model: IpvsModel, { netns, strictArp }: IpvsNodeOptions): Command[] {
  const settings = strictArp ? [...SETTINGS, ...STRICT_ARP_SETTINGS] : SETTINGS;
  const texts = [
    { part: "ipset", text: () => printIpsets(model.ipsets) },
    { part: "iptables", text: () => printRestore(model.ruleset, { tables: ["nat", "filter"] }) },
    { part: "ipvsadm", text: () => ipvsadmLines(model.virtualServers) },
  ];
  return [
    { netns, argv: ["sysctl", "-qw", ...settings] },
    { netns, argv: ["ip", "-batch", "-"], stdin: () => deviceLines(model) },
    ...loadRules("ipvs", model.family, texts, netns),
  ];
}

/** As kube-proxy leaves it, the device is never set up: its addresses are local all the same. */
function* deviceLines({ ipsets }: IpvsModel): Generator<string> {
  yield `link add ${DEVICE} type dummy\n`;
  for (const set of ipsets) {
    if (!ADDRESS_SETS.includes(set.name)) continue;
    for (const address of set.elements)
      yield `addr add ${address}/${familyOf(address) === "IPv4" ? 32 : 128} dev ${DEVICE}\n`;
  }
}
