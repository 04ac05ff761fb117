// How long a connection is remembered after its last packet, seconds: the kernel's defaults, and what kube-proxy sets.
// Source: nf_conntrack-sysctl.rst; kube-proxy pkg/proxy/apis/config (tcpEstablishedTimeout, tcpCloseWaitTimeout).
import type { TcpState } from "./tcp-state.js";

export interface ConntrackTimeouts {
  readonly tcp: Readonly<Record<TcpState, number>>;
  readonly udp: { readonly unanswered: number; readonly answered: number };
  /** One number for both: the generic timeout. */
  readonly sctp: number;
  readonly icmp: number;
}

export const KERNEL_TIMEOUTS: ConntrackTimeouts = {
  tcp: {
    NO: 120,
    SS: 120,
    SR: 60,
    ES: 432_000,
    FW: 120,
    CW: 60,
    LA: 30,
    TW: 120,
    CL: 10,
    S2: 120,
    CF: 10,
    CR: 10,
  },
  udp: { unanswered: 30, answered: 120 },
  sctp: 600,
  icmp: 30,
};

export const KUBE_PROXY_TIMEOUTS: ConntrackTimeouts = {
  ...KERNEL_TIMEOUTS,
  tcp: { ...KERNEL_TIMEOUTS.tcp, ES: 86_400, CW: 3600 },
};
