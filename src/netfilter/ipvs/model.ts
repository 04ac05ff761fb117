// IPVS virtual services and their real servers, as `ipvsadm --save -n` lists them.

export const IPVS_SCHEDULERS = ["rr", "wrr", "lc", "wlc", "sh", "dh", "sed", "nq", "mh"] as const;
export type IpvsScheduler = (typeof IPVS_SCHEDULERS)[number];

export interface RealServer {
  readonly ip: string;
  readonly port: number;
  /** 0 keeps established connections and takes no new one. */
  readonly weight: number;
}

export interface VirtualServer {
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly ip: string;
  readonly port: number;
  readonly scheduler: IpvsScheduler;
  /** Persistence (session affinity), seconds; null for none. Netmask is /32 or /128. */
  readonly persistentSeconds: number | null;
  /** mh and sh: hash the source port too. */
  readonly sourcePortFlag: boolean;
  readonly realServers: readonly RealServer[];
}
