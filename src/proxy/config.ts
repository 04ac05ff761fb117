// What a proxy is told besides Services and EndpointSlices: KubeProxyConfiguration and the node it runs on.
import type { Family } from "../base/ip.js";
import type { IpvsScheduler } from "../netfilter/ipvs/model.js";
import type { Mode } from "../netfilter/rule-model.js";

/** The node whose rules are compiled. */
export interface ProxyNode {
  readonly name: string;
  /** Addresses of both families, primary first. */
  readonly addresses: readonly string[];
  readonly podCIDRs: readonly string[];
  /** topology.kubernetes.io/zone; null when the node has none. */
  readonly zone: string | null;
}

/** How traffic from local Pods is told from the rest. `none`: nothing is masqueraded for being non-local. */
export type LocalDetector =
  | { readonly kind: "none" }
  | { readonly kind: "cidr"; readonly cidrs: readonly string[] }
  | { readonly kind: "bridge"; readonly interface: string }
  | { readonly kind: "prefix"; readonly prefix: string };

/** The order in which Services are visited; upstream's is Go's random map order. */
export type ServiceOrder = "sorted" | "seeded" | "input";

export interface ProxyConfig {
  readonly mode: Mode;
  readonly family: Family;
  readonly node: ProxyNode;
  readonly localDetector: LocalDetector;
  readonly order: ServiceOrder;
  /** Seeds order "seeded" and the userspace balancer's shuffle. */
  readonly seed: number;
  readonly masqueradeAll: boolean;
  /** Bit of the firewall mark that asks for SNAT; 14 by default. */
  readonly masqueradeBit: number;
  readonly localhostNodePorts: boolean;
  /** CIDRs, or the one word "primary"; empty means the mode's default. */
  readonly nodePortAddresses: readonly string[];
  /** Whether the sysctl nf_conntrack_tcp_be_liberal is set, which omits the INVALID drop. */
  readonly conntrackTcpBeLiberal: boolean;
  /** Whether iptables supports MASQUERADE --random-fully. */
  readonly randomFully: boolean;
  /** Whether the nfacct extension is available. Off by default: a restore fails without its accounting objects. */
  readonly nfacct: boolean;
  /** More endpoints than this in all (strictly) is large-cluster mode. Upstream: 1000. */
  readonly largeClusterEndpoints: number;
  readonly ipvs: {
    readonly scheduler: IpvsScheduler;
    readonly strictARP: boolean;
    readonly excludeCIDRs: readonly string[];
  };
  readonly nftables: {
    /** Which published rule layout: inline marks and hairpin set ("1.36"), or chains per endpoint ("1.35"). */
    readonly layout: "1.36" | "1.35";
    /** 1.37: a service with one endpoint is translated without an anonymous map. */
    readonly directSingleEndpoint: boolean;
    /** Known ServiceCIDRs: unallocated addresses in them are dropped. */
    readonly serviceCIDRs: readonly string[];
  };
  readonly userspace: {
    /** First port handed to a listener; they count up from here. */
    readonly firstProxyPort: number;
    /** Address the host rules translate to. */
    readonly hostIP: string;
  };
}
