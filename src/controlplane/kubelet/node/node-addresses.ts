// Addresses of nodes that are given none, by the order in which they were added.
import { ipText, ipWords } from "../../../base/ip.js";
import type { NodeSpec } from "./node-spec.js";

/** 172.16.0.0/12 holds a million nodes. */
const FIRST_NODE_IP = "172.16.0.2";
/** 100.64.0.0/10, shared address space (RFC 6598): 256 addresses for the Pods of each of 16,384 nodes. */
const FIRST_POD_RANGE = "100.64.0.0";
const POD_RANGES = 16_384;

export function nodeAddress(spec: NodeSpec, index: number): { internalIP: string; fallbackCidr: string } {
  return {
    internalIP: spec.internalIP ?? offsetIp(FIRST_NODE_IP, index),
    fallbackCidr: `${offsetIp(FIRST_POD_RANGE, (index % POD_RANGES) * 256)}/24`,
  };
}

function offsetIp(first: string, offset: number): string {
  return ipText([((ipWords(first)[0] as number) + offset) >>> 0, 0, 0, 0], "IPv4");
}
