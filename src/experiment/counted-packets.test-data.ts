// Counts of single packets to Services of a cluster, for tests of modelled times. The clusters are those whose times were
// taken in a real kernel: UDP, so that a first packet differs from the rest in conntrack only, and comments in the rules.
import assert from "node:assert/strict";
import type { ClusterObjects } from "../api/types.js";
import { ipWords } from "../base/ip.js";
import { createEvaluator } from "../dataplane/evaluator.js";
import { encodeIptables } from "../dataplane/iptables/encode.js";
import { encodeIpvs } from "../dataplane/ipvs/encode.js";
import { encodeNftables } from "../dataplane/nftables/encode.js";
import type { TableImage } from "../dataplane/table-image.js";
import { COUNTER_NAMES, type Counts, zeroCounts } from "../netfilter/counters.js";
import { PROTOCOL_NUMBERS } from "../netfilter/packet.js";
import { PacketColumns } from "../netfilter/packet-columns.js";
import type { Mode } from "../netfilter/rule-model.js";
import { nodeAddresses } from "../proxy/node-port-addresses.js";
import type { ProxyConfig } from "../proxy/config.js";
import { compileIptables } from "../proxy/iptables/compile.js";
import { compileIpvs } from "../proxy/ipvs/compile.js";
import { compileNftables } from "../proxy/nftables/compile.js";
import { buildProxyState } from "../proxy/state/build-state.js";
import { ipsetModel } from "./verify-kernel/ipset-model.js";
import { testConfig, uniformCluster } from "../proxy/cluster.test-data.js";

const ENCODE = { ipvsTables: "fixed", ipvsConnectionsMax: 1024, affinityClientsMax: 128 } as const;
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

/** Comments stay in, whatever the size: the measured rulesets had them. */
function configFor(mode: Mode): ProxyConfig {
  return testConfig({ mode, order: "input", largeClusterEndpoints: Number.MAX_SAFE_INTEGER });
}

export interface Counted {
  readonly first: Counts;
  readonly established: Counts;
}

/** Counts of a first packet to a Service, and of one after the answer. */
export function countPackets(image: TableImage, clusterIP: string, client = POD): Counted {
  const send = sender(image, 1);
  const to = { ip: clusterIP, port: 80 };
  const { counts: first, results } = send({ ip: client, port: 40_000 }, to, 0);
  send(results.target(0), results.source(0), 1);
  const { counts: established } = send({ ip: client, port: 40_000 }, to, 2);
  assert.equal(established.ctLookups, 1);
  return { first, established };
}

/** Mean counts of the first packets of `flows` connections: what they count depends on the endpoint drawn. */
export function meanFirstPacket(image: TableImage, clusterIP: string, flows: number): Counts {
  const send = sender(image, flows);
  const sums = zeroCounts();
  for (let flow = 0; flow < flows; flow++) {
    const { counts } = send({ ip: POD, port: 40_000 + flow }, { ip: clusterIP, port: 80 }, 0);
    for (const name of COUNTER_NAMES) sums[name] += counts[name] / flows;
  }
  return sums;
}

function sender(image: TableImage, flows: number) {
  const evaluator = createEvaluator(image, { conntrackMax: 64 + flows, packetsMax: 1, seed: 1 });
  return (from: End, to: End, timeMs: number) => {
    evaluator.resetCounters();
    evaluator.load(packet(from, to, timeMs));
    evaluator.evaluate();
    const { results } = evaluator;
    assert.ok(!["DROP", "REJECT"].includes(results.verdict(0)), results.verdict(0));
    return { counts: evaluator.counters(), results };
  };
}

interface End {
  readonly ip: string;
  readonly port: number;
}

function packet(from: End, to: End, timeMs: number): PacketColumns {
  const columns = new PacketColumns("IPv4", 1, ["", "eth0"]);
  columns.source.set(ipWords(from.ip));
  columns.destination.set(ipWords(to.ip));
  columns.sourcePort[0] = from.port;
  columns.destinationPort[0] = to.port;
  columns.protocol[0] = PROTOCOL_NUMBERS.udp;
  columns.inInterface[0] = 1;
  columns.timeMs[0] = timeMs;
  return columns;
}

export type Encoder = (objects: ClusterObjects) => TableImage;

export const encodeLegacy: Encoder = (objects) => {
  const config = configFor("iptables");
  return encodeIptables(compileIptables(buildProxyState(objects, config), config), ENCODE).image;
};

export const encodeNft: Encoder = (objects) => {
  const config = configFor("nftables");
  return encodeNftables(compileNftables(buildProxyState(objects, config), config), ENCODE).image;
};

export const encodeVirtualServers: Encoder = (objects) => {
  const config = configFor("ipvs");
  return encodeIpvs(compileIpvs(buildProxyState(objects, config), config), ENCODE).image;
};

/** What was measured as "ipset": the constant rules of mode ipvs, with a DNAT to one backend where IPVS would be. */
export const encodeIpset: Encoder = (objects) => {
  const config = configFor("ipvs");
  const compiled = compileIpvs(buildProxyState(objects, config), config);
  return encodeIptables(ipsetModel(compiled, nodeAddresses(config)), ENCODE).image;
};
