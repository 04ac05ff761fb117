// The ipsets of ipvs mode: the service addresses and ports that a constant number of iptables rules asks about.
// Cost: one element per service port and way in, one per local endpoint.
// Elements beyond the 65536th are not in a set: the kernel refuses them, and kube-proxy logs that and goes on.
// Source: kube-proxy pkg/proxy/ipvs/ipset.go and proxier.go (ipsetInfo).
import type { Family } from "../../base/ip.js";
import type { IpSet, SetType } from "../../netfilter/ipset/model.js";

const ELEMENTS_MAX = 65536;
const HASH_SIZE = 1024;
/** IPSET_MAXNAMELEN - 1. */
const NAME_CHARS_MAX = 31;

/** Name -> type and the comment that rules about it carry. In the order in which they are created. */
export const IPVS_SETS = {
  "KUBE-LOOP-BACK": {
    type: "hash:ip,port,ip",
    comment: "Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose",
  },
  "KUBE-CLUSTER-IP": {
    type: "hash:ip,port",
    comment: "Kubernetes service cluster ip + port for masquerade purpose",
  },
  "KUBE-EXTERNAL-IP": {
    type: "hash:ip,port",
    comment: "Kubernetes service external ip + port for masquerade and filter purpose",
  },
  "KUBE-EXTERNAL-IP-LOCAL": {
    type: "hash:ip,port",
    comment: "Kubernetes service external ip + port with externalTrafficPolicy=local",
  },
  "KUBE-LOAD-BALANCER": { type: "hash:ip,port", comment: "Kubernetes service lb portal" },
  "KUBE-LOAD-BALANCER-FW": {
    type: "hash:ip,port",
    comment: "Kubernetes service load balancer ip + port for load balancer with sourceRange",
  },
  "KUBE-LOAD-BALANCER-LOCAL": {
    type: "hash:ip,port",
    comment: "Kubernetes service load balancer ip + port with externalTrafficPolicy=local",
  },
  "KUBE-LOAD-BALANCER-SOURCE-IP": {
    type: "hash:ip,port,ip",
    comment: "Kubernetes service load balancer ip + port + source IP for packet filter purpose",
  },
  "KUBE-LOAD-BALANCER-SOURCE-CIDR": {
    type: "hash:ip,port,net",
    comment: "Kubernetes service load balancer ip + port + source cidr for packet filter purpose",
  },
  "KUBE-NODE-PORT-TCP": {
    type: "bitmap:port",
    comment: "Kubernetes nodeport TCP port for masquerade purpose",
  },
  "KUBE-NODE-PORT-LOCAL-TCP": {
    type: "bitmap:port",
    comment: "Kubernetes nodeport TCP port with externalTrafficPolicy=local",
  },
  "KUBE-NODE-PORT-UDP": {
    type: "bitmap:port",
    comment: "Kubernetes nodeport UDP port for masquerade purpose",
  },
  "KUBE-NODE-PORT-LOCAL-UDP": {
    type: "bitmap:port",
    comment: "Kubernetes nodeport UDP port with externalTrafficPolicy=local",
  },
  "KUBE-NODE-PORT-SCTP-HASH": {
    type: "hash:ip,port",
    comment: "Kubernetes nodeport SCTP port for masquerade purpose with type 'hash ip:port'",
  },
  "KUBE-NODE-PORT-LOCAL-SCTP-HASH": {
    type: "hash:ip,port",
    comment: "Kubernetes nodeport SCTP port with externalTrafficPolicy=local with type 'hash ip:port'",
  },
  "KUBE-HEALTH-CHECK-NODE-PORT": { type: "bitmap:port", comment: "Kubernetes health check node port" },
  "KUBE-IPVS-IPS": { type: "hash:ip", comment: "" },
} as const satisfies Record<string, { type: SetType; comment: string }>;

export type IpvsSetName = keyof typeof IPVS_SETS;

const SET_NAMES = Object.keys(IPVS_SETS) as readonly IpvsSetName[];

/** The set's name in the kernel: IPv6 sets stand beside the IPv4 ones, as KUBE-6-..., cut to the longest allowed. */
export function setName(name: IpvsSetName, family: Family): string {
  if (family === "IPv4") return name;
  return name.replace("KUBE-", "KUBE-6-").slice(0, NAME_CHARS_MAX);
}

/** The sets of one family while they are filled. */
export class IpvsSets {
  readonly #family: Family;
  readonly #elements = new Map<IpvsSetName, Set<string>>(SET_NAMES.map((name) => [name, new Set()]));

  constructor(family: Family) {
    this.#family = family;
  }

  /** Add an element in ipset's own form, unless the kernel would refuse it. */
  add(name: IpvsSetName, element: string): void {
    const elements = this.#elements.get(name) as Set<string>;
    if (elements.size < ELEMENTS_MAX) elements.add(element);
  }

  isEmpty(name: IpvsSetName): boolean {
    return (this.#elements.get(name) as Set<string>).size === 0;
  }

  /** The finished sets, empty ones too: kube-proxy creates all of them. */
  models(): IpSet[] {
    return SET_NAMES.map((name) => this.#model(name));
  }

  #model(name: IpvsSetName): IpSet {
    const { type } = IPVS_SETS[name];
    return {
      name: setName(name, this.#family),
      type,
      family: this.#family === "IPv4" ? "inet" : "inet6",
      hashSize: HASH_SIZE,
      elementsMax: ELEMENTS_MAX,
      range: type === "bitmap:port" ? { first: 0, last: 65535 } : null,
      comment: null,
      elements: this.#elements.get(name) as Set<string>,
    };
  }
}
