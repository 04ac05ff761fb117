// Primitives of ip_vs: virtual services of one server each behind tables of iptables that hold no rule, in a kernel of
// their own, because ip_vs has one table of services for all network namespaces. What one target costs is work; what many at random cost
// more is that their services and servers are not in the cache when their turn comes.
import { addressFrom } from "./probe.js";

/** Virtual services of a probe. The last is beyond what level-two caches hold of them. */
export const IPVS_SIZES = [1, 64, 512, 4096] as const;

const FIRST_BACKEND = 0x0a09_0000;
const FIRST_SERVICE = 0x0a60_0000;
/** Of every service asked for; they are local to the node. */
export const IPVS_SERVICES = "10.96.0.0/16";

export const ipvsProbeId = (services: number): string => `ipvs ${services}`;

/** Addresses of a probe's services, all at `port` over UDP. */
export function ipvsTargets(services: number): readonly string[] {
  return Array.from({ length: services }, (_, index) => addressFrom(FIRST_SERVICE, index));
}

/** Lines for ipvsadm --restore. */
export function* ipvsProbeText(services: number, port: number): Generator<string> {
  for (const [index, target] of ipvsTargets(services).entries()) {
    yield `-A -u ${target}:${port} -s rr\n`;
    yield `-a -u ${target}:${port} -r ${addressFrom(FIRST_BACKEND, index)}:${port} -m -w 1\n`;
  }
}
