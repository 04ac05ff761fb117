// What each path needs: its programs, and a text with one of every match, target and expression that kube-proxy writes.
// A kernel or a tool that takes the text takes the rest too.
import type { KernelPath } from "../../measure/kernel-record.js";
import type { RuleText } from "./rule-loading.js";

interface PathNeeds {
  /** Program -> Debian package. */
  readonly programs: Readonly<Record<string, string>>;
  readonly texts: readonly RuleText[];
}

const IPTABLES = `*filter
:KUBE-PROBE - [0:0]
-A KUBE-PROBE -m conntrack --ctstate INVALID -m comment --comment probe -j DROP
-A KUBE-PROBE -p tcp -m tcp --dport 1 -m addrtype --dst-type LOCAL -j REJECT --reject-with icmp-port-unreachable
COMMIT
*nat
:KUBE-PROBE - [0:0]
:KUBE-SEP-PROBE - [0:0]
-A KUBE-PROBE -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-PROBE -j MARK --xor-mark 0x4000
-A KUBE-PROBE -m recent --name KUBE-SEP-PROBE --rcheck --seconds 10800 --reap --mask 255.255.255.255 --rsource -j KUBE-SEP-PROBE
-A KUBE-PROBE -m statistic --mode random --probability 0.5 -j KUBE-SEP-PROBE
-A KUBE-SEP-PROBE -p udp -m recent --name KUBE-SEP-PROBE --set --mask 255.255.255.255 --rsource -m udp -j DNAT --to-destination 10.0.0.1:80
-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE --random-fully
COMMIT
`;

const NFTABLES = `table ip plumb-probe {
	set clients { typeof ip saddr; flags dynamic,timeout; timeout 60s; }
	map ports { type ipv4_addr . inet_proto . inet_service : verdict; }
	chain endpoint { meta l4proto tcp dnat to 10.0.0.1:80; }
	chain service {
		ip saddr @clients goto endpoint
		meta mark set meta mark or 0x4000
		numgen random mod 1 vmap { 0 : goto endpoint }
	}
	chain nat { type nat hook prerouting priority -100; ip daddr . meta l4proto . th dport vmap @ports; }
	chain out { type nat hook postrouting priority 100; meta mark & 0x4000 != 0 masquerade fully-random; }
	chain refused {
		fib daddr type local reject with icmp port-unreachable
		ct state new update @clients { ip saddr }
	}
}
`;

const IPSET =
  "create KUBE-PROBE hash:ip,port family inet hashsize 1024 maxelem 65536\ncreate KUBE-PROBE-3 hash:ip,port,ip family inet hashsize 1024 maxelem 65536\ncreate KUBE-PROBE-BITS bitmap:port range 0-65535\n";

const IPSET_RULES = `*nat
:KUBE-PROBE - [0:0]
-A KUBE-PROBE -p tcp -m set --match-set KUBE-PROBE dst,dst -j DNAT --to-destination 10.0.0.1:80
-A KUBE-PROBE -m set --match-set KUBE-PROBE-3 dst,dst,src -j RETURN
COMMIT
`;

const IPVS = "-A -t 10.0.0.1:80 -s rr\n";

const text = (part: string, content: string): RuleText => ({ part, text: () => [content] });

export const PATH_NEEDS: Readonly<Record<KernelPath, PathNeeds>> = {
  "iptables-legacy": {
    programs: { "iptables-legacy-restore": "iptables" },
    texts: [text("iptables", IPTABLES)],
  },
  "iptables-nft": { programs: { "iptables-nft-restore": "iptables" }, texts: [text("iptables", IPTABLES)] },
  nftables: { programs: { nft: "nftables" }, texts: [text("nft", NFTABLES)] },
  ipset: {
    programs: { ipset: "ipset", "iptables-legacy-restore": "iptables" },
    texts: [text("ipset", IPSET), text("iptables", IPSET_RULES)],
  },
  ipvs: {
    programs: { ipvsadm: "ipvsadm", ipset: "ipset", "iptables-legacy-restore": "iptables" },
    texts: [text("ipvsadm", IPVS)],
  },
};
