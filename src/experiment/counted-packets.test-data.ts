// Counts of single packets to Services of a cluster, for tests of modelled times. The clusters are those whose times were
// taken in a real kernel: UDP, so that a first packet differs from the rest in conntrack only, and comments in the rules.
import assert from "node:assert/strict";
import type { ClusterObjects } from "../api/types.js";
import type { TableImage } from "../dataplane/table-image.js";
import type { KernelPath } from "../measure/kernel-record.js";
import { COUNTER_NAMES, type Counts, zeroCounts } from "../netfilter/counters.js";
import { testConfig, uniformCluster } from "../proxy/cluster.test-data.js";
import { type End, imageOf, SinglePackets } from "./verify-kernel/packet-counter.js";
import { MODE_OF_PATH, pathRules } from "./verify-kernel/path-rules.js";

/** In the cluster CIDR, and outside of it: packets of that one are masqueraded. */
const POD = "10.9.0.1";
export const STRANGER = "192.0.2.1";

export function udpCluster(services: number, endpoints = 1): ClusterObjects {
  const objects = uniformCluster(services, endpoints);
  const asUdp = <T extends { readonly ports?: readonly object[] }>(holder: T): T =>
    ({ ...holder, ports: holder.ports?.map((port) => ({ ...port, protocol: "UDP" })) }) as T;
  return {
    ...objects,
    services: objects.services.map((service) => ({ ...service, spec: asUdp(service.spec) })),
    endpointSlices: objects.endpointSlices.map(asUdp),
  };
}

export interface Counted {
  readonly first: Counts;
  readonly established: Counts;
}

/** Counts of a first packet to a Service, and of one after the answer. */
export function countPackets(image: TableImage, clusterIP: string, client = POD): Counted {
  const packets = new SinglePackets(image, { conntrackMax: 65 });
  const [from, to] = [{ ip: client, port: 40_000 }, serviceAt(clusterIP)];
  const first = packets.first(from, to);
  assertThrough(packets);
  const established = packets.established(from, to);
  assertThrough(packets);
  return { first, established };
}

/** Mean counts of the first packets of `flows` connections: what they count depends on the endpoint drawn. */
export function meanFirstPacket(image: TableImage, clusterIP: string, flows: number): Counts {
  const packets = new SinglePackets(image, { conntrackMax: 64 + flows });
  const sums = zeroCounts();
  for (let flow = 0; flow < flows; flow++) {
    const counts = packets.first({ ip: POD, port: 40_000 + flow }, serviceAt(clusterIP));
    assertThrough(packets);
    for (const name of COUNTER_NAMES) sums[name] += counts[name] / flows;
  }
  return sums;
}

function serviceAt(clusterIP: string): End {
  return { ip: clusterIP, port: 80 };
}

function assertThrough({ verdict }: SinglePackets): void {
  assert.ok(!["DROP", "REJECT"].includes(verdict), verdict);
}

export type Encoder = (objects: ClusterObjects) => TableImage;

/** Comments stay in, whatever the size: the measured rulesets had them. */
function encoderOf(path: KernelPath): Encoder {
  const config = testConfig({
    mode: MODE_OF_PATH[path],
    order: "input",
    largeClusterEndpoints: Number.MAX_SAFE_INTEGER,
  });
  return (objects) => imageOf(pathRules(path, objects, config).model);
}

export const encodeLegacy = encoderOf("iptables-legacy");
export const encodeNft = encoderOf("nftables");
export const encodeVirtualServers = encoderOf("ipvs");
export const encodeIpset = encoderOf("ipset");
