// What the guest's kernel is given at its start, in one modprobe: what kube-proxy's rules need, in any of its modes that
// this kernel can run. Loading them one by one as they are needed works too and takes about 60 ms each.
// Not here: nftables. Debian's user-mode kernel is built without its families ip and inet, so neither nft nor
// iptables-nft can load anything in it.

export const GUEST_MODULES: readonly string[] = [
  // Links and connection tracking.
  "veth dummy nf_conntrack nf_conntrack_netlink",
  // Tables of iptables-legacy and ip6tables-legacy.
  "iptable_raw iptable_mangle iptable_nat iptable_filter",
  "ip6table_raw ip6table_mangle ip6table_nat ip6table_filter",
  // Matches and targets.
  "xt_tcpudp xt_comment xt_conntrack xt_mark xt_addrtype xt_set xt_multiport xt_statistic xt_recent xt_ipvs",
  "xt_nat xt_MASQUERADE ipt_REJECT ip6t_REJECT",
  // Sets: the types of kube-proxy's.
  "ip_set ip_set_hash_ip ip_set_hash_ipport ip_set_hash_ipportip ip_set_hash_ipportnet ip_set_bitmap_port",
  // IPVS with every scheduler that netfilter/ipvs knows.
  "ip_vs ip_vs_rr ip_vs_wrr ip_vs_lc ip_vs_wlc ip_vs_sh ip_vs_dh ip_vs_sed ip_vs_nq ip_vs_mh",
].flatMap((names) => names.split(" "));
