// Addresses of the service range that are given by their place in it: the first is the API server's, the tenth the name
// server's.
// Source: kubernetes pkg/controlplane/instance.go; kubeadm app/constants GetDNSIP.
import { ipText, knownCidr } from "../base/ip.js";

const API_SERVER_INDEX = 1;
const DNS_INDEX = 10;

/** @param range IPv4 */
export function apiServerAddress(range: string): string {
  return addressAt(range, API_SERVER_INDEX);
}

/** @param range IPv4 */
export function dnsAddress(range: string): string {
  return addressAt(range, DNS_INDEX);
}

function addressAt(range: string, index: number): string {
  return ipText([knownCidr(range).words[0] + index, 0, 0, 0], "IPv4");
}
