// Modelled kernel times against times measured in a real kernel: rulesets as kube-proxy writes them, walked by the
// core, its counts priced. The tables are medians of three runs on the machine that dataplane/calibration names:
// UDP, one endpoint per Service, ns per packet over the whole path.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterObjects } from "../api/types.js";
import { ipWords } from "../base/ip.js";
import { recordedCalibration } from "../calibration/calibration-file.js";
import { modelKernelNs, type PricedPath } from "../dataplane/cost-model.js";
import { createEvaluator } from "../dataplane/evaluator.js";
import { encodeIptables } from "../dataplane/iptables/encode.js";
import { encodeNftables } from "../dataplane/nftables/encode.js";
import type { TableImage } from "../dataplane/table-image.js";
import { MODELLED_ERROR_SHARE } from "../measure/modelled-error.js";
import type { Counts } from "../netfilter/counters.js";
import { PROTOCOL_NUMBERS } from "../netfilter/packet.js";
import { PacketColumns } from "../netfilter/packet-columns.js";
import type { Mode } from "../netfilter/rule-model.js";
import type { ProxyConfig } from "../proxy/config.js";
import { compileIptables } from "../proxy/iptables/compile.js";
import { compileIpvs } from "../proxy/ipvs/compile.js";
import { compileNftables } from "../proxy/nftables/compile.js";
import { buildProxyState } from "../proxy/state/build-state.js";
import { ipsetModel } from "./verify-kernel/ipset-model.js";
import { testConfig, uniformCluster } from "../proxy/cluster.test-data.js";

const ENCODE = { ipvsTables: "fixed", ipvsConnectionsMax: 1024, affinityClientsMax: 128 } as const;
const CLIENT = "10.9.0.1";

/** Services -> ns of a first packet for the first, middle and last of them. */
const LEGACY_FIRST = {
  1: [3973, 3973, 3973],
  100: [3969, 4134, 4292],
  1000: [3961, 5314, 7291],
  2000: [4002, 6555, 12391],
  5000: [4014, 14855, 29391],
  10000: [4023, 29099, 58636],
  30000: [4018, 85559, 169015],
} as const;
const NFT_FIRST = {
  1: [4287, 4287, 4287],
  100: [4306, 4262, 4266],
  1000: [4298, 4261, 4241],
  10000: [4300, 4302, 4258],
} as const;
const IPSET_FIRST = { 1: [3968, 3968, 3968], 1000: [3965, 3977, 3985], 10000: [3967, 3962, 3978] } as const;
const COMPAT_FIRST = {
  1: [4594, 4594, 4594],
  100: [4544, 5398, 6220],
  1000: [4603, 12508, 20334],
  5000: [4608, 43969, 83302],
  10000: [4594, 83642, 157293],
} as const;
const ESTABLISHED = { "iptables-legacy": 2940, "iptables-nft": 3120, nftables: 2800 } as const;

function cluster(services: number): ClusterObjects {
  const objects = uniformCluster(services, 1);
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

interface Counted {
  readonly first: Counts;
  readonly established: Counts;
}

/** Counts of a first packet to a Service, and of one after the answer. */
function countPackets(image: TableImage, clusterIP: string): Counted {
  const evaluator = createEvaluator(image, { conntrackMax: 64, packetsMax: 1, seed: 1 });
  const send = (columns: PacketColumns): Counts => {
    evaluator.resetCounters();
    evaluator.load(columns);
    evaluator.evaluate();
    return evaluator.counters();
  };
  const opening = packet({ ip: CLIENT, port: 40_000 }, { ip: clusterIP, port: 80 }, 0);
  const first = send(opening);
  assert.equal(evaluator.results.verdict(0), "DNAT");
  send(packet(evaluator.results.target(0), evaluator.results.source(0), 1));
  const established = send(packet({ ip: CLIENT, port: 40_000 }, { ip: clusterIP, port: 80 }, 2));
  assert.equal(established.ctLookups, 1);
  return { first, established };
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

type Encoder = (objects: ClusterObjects) => TableImage;

const encodeLegacy: Encoder = (objects) => {
  const config = configFor("iptables");
  return encodeIptables(compileIptables(buildProxyState(objects, config), config), ENCODE).image;
};

const encodeNft: Encoder = (objects) => {
  const config = configFor("nftables");
  return encodeNftables(compileNftables(buildProxyState(objects, config), config), ENCODE).image;
};

/** What was measured as "ipset": the constant rules of mode ipvs, with a DNAT to one backend where IPVS would be. */
const encodeIpset: Encoder = (objects) => {
  const config = configFor("ipvs");
  const model = ipsetModel(compileIpvs(buildProxyState(objects, config), config), config.node.addresses);
  return encodeIptables(model, ENCODE).image;
};

function assertClose(modelled: number, measured: number, what: string): void {
  const error = modelled / measured - 1;
  const percent = (error * 100).toFixed(1);
  assert.ok(
    Math.abs(error) <= MODELLED_ERROR_SHARE,
    `${what}: modelled ${modelled.toFixed(0)} ns, measured ${measured} ns (${percent}%)`,
  );
}

const calibration = recordedCalibration();

function checkFirst(
  path: PricedPath,
  encode: Encoder,
  table: Readonly<Record<number, readonly number[]>>,
): void {
  for (const [size, measured] of Object.entries(table)) {
    const services = Number(size);
    const objects = cluster(services);
    const image = encode(objects);
    for (const [position, ns] of measured.entries()) {
      const index = [0, services >> 1, services - 1][position] as number;
      const { first } = countPackets(image, objects.services[index]?.spec.clusterIP as string);
      const modelled = modelKernelNs({
        path,
        counts: first,
        packet: "first",
        distinctTargets: 1,
        calibration,
      });
      assertClose(modelled.ns, ns, `${path}, ${services} Services, number ${index + 1}`);
    }
  }
}

test("modelled first packets of iptables are within 15% of the kernel's from 1 to 30,000 Services", () => {
  checkFirst("iptables-legacy", encodeLegacy, LEGACY_FIRST);
});

test("modelled first packets of iptables-nft are within 15% of the kernel's from 1 to 10,000 Services", () => {
  checkFirst("iptables-nft", encodeLegacy, COMPAT_FIRST);
});

test("modelled first packets of nftables are within 15% of the kernel's, and flat", () => {
  checkFirst("nftables", encodeNft, NFT_FIRST);
});

test("modelled first packets of ipset rules are within 15% of the kernel's, and flat", () => {
  checkFirst("ipset", encodeIpset, IPSET_FIRST);
});

test("modelled established packets are within 15% of the kernel's", () => {
  const objects = cluster(1000);
  const clusterIP = objects.services[500]?.spec.clusterIP as string;
  const legacy = countPackets(encodeLegacy(objects), clusterIP).established;
  const nft = countPackets(encodeNft(objects), clusterIP).established;
  for (const [path, counts] of [
    ["iptables-legacy", legacy],
    ["iptables-nft", legacy],
    ["nftables", nft],
  ] as const) {
    const { ns } = modelKernelNs({ path, counts, packet: "established", distinctTargets: 1, calibration });
    assertClose(ns, ESTABLISHED[path], path);
  }
});

test("the parts of a modelled time add up to it", () => {
  const objects = cluster(10);
  const { first } = countPackets(encodeLegacy(objects), objects.services[3]?.spec.clusterIP as string);
  const { ns, parts } = modelKernelNs({
    path: "iptables-legacy",
    counts: first,
    packet: "first",
    distinctTargets: 100,
    calibration,
  });
  assert.equal(
    Object.values(parts).reduce((sum, part) => sum + part, 0),
    ns,
  );
  assert.ok((parts["coldCaches"] ?? 0) > 0, "many targets keep chains out of the cache");
});
