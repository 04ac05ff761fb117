// What the measuring process asks of the proxy's process and of the backends', and what they answer.
import type { ProxyListener } from "../../netfilter/rule-model.js";

export interface ProxyRequests {
  /** Once, first. */
  readonly open: {
    readonly ask: {
      readonly host: string;
      readonly udpIdleMs: number;
      readonly listeners: readonly ProxyListener[];
    };
    readonly answer: { readonly ports: readonly number[] };
  };
  /** CPU time of the process so far, us. */
  readonly cpu: { readonly ask: Record<string, never>; readonly answer: { readonly us: number } };
}

export interface EchoRequests {
  readonly open: { readonly ask: { readonly host: string }; readonly answer: EchoPorts };
}

/** Ports of the backends. sink: reads to the end, then answers with one byte. */
export interface EchoPorts {
  readonly tcp: number;
  readonly udp: number;
  readonly sink: number;
}
