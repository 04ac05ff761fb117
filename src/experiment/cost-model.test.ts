// Modelled kernel times against times measured in a real kernel: rulesets as kube-proxy writes them, walked by the
// core, its counts priced. The tables are medians of three runs on the machine of cost-model.test-data.json:
// UDP, one endpoint per Service unless told otherwise, ns per packet over the whole path.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sourcePath } from "../base/source-path.js";
import { readCalibration } from "../calibration/calibration-file.js";
import { type ModelledCost, modelKernelNs, type PricedPath } from "../dataplane/cost-model.js";
import type { PacketKind } from "../measure/kernel-record.js";
import { MODELLED_ERROR_SHARE } from "../measure/modelled-error.js";
import type { Counts } from "../netfilter/counters.js";
import {
  countPackets,
  encodeIpset,
  encodeLegacy,
  encodeNft,
  type Encoder,
  meanFirstPacket,
  STRANGER,
  udpCluster,
} from "./counted-packets.test-data.js";

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
  30000: [4610, 232117, 456091],
} as const;
const ESTABLISHED = { "iptables-legacy": 2940, "iptables-nft": 3120, nftables: 2800, ipset: 2704 } as const;
/** 50 Services, the first asked for; endpoints of each -> ns of a first packet. */
const ENDPOINTS = {
  "iptables-legacy": { 1: 4064, 2: 4116, 5: 4223, 10: 4382, 20: 4692, 50: 5710, 100: 7366, 200: 10600 },
  "iptables-nft": { 1: 4592, 2: 4723, 5: 4892, 10: 5198, 20: 5657, 50: 7287, 100: 10011, 200: 15285 },
  nftables: { 1: 4424, 2: 4384, 5: 4345, 10: 4370, 20: 4393, 50: 4398, 100: 4478, 200: 4509 },
} as const;
/** 10 Services, the first asked for from outside the cluster. */
const MASQUERADED = { "iptables-legacy": 4431, "iptables-nft": 5049, nftables: 4952 } as const;
/** Connections averaged: the rules of endpoints that are walked depend on the one drawn. At 200 of them, +-1%. */
const DRAWS = 2000;

function assertClose(modelled: number, measured: number, what: string): void {
  const error = modelled / measured - 1;
  const percent = (error * 100).toFixed(1);
  assert.ok(
    Math.abs(error) <= MODELLED_ERROR_SHARE,
    `${what}: modelled ${modelled.toFixed(0)} ns, measured ${measured} ns (${percent}%)`,
  );
}

const calibration = readCalibration(sourcePath(import.meta.url, "cost-model.test-data.json"));

const ENCODERS = [
  ["iptables-legacy", encodeLegacy],
  ["iptables-nft", encodeLegacy],
  ["nftables", encodeNft],
  ["ipset", encodeIpset],
] as const;

/** To one Service over and over. */
function modelled(path: PricedPath, counts: Counts, packet: PacketKind): ModelledCost {
  return modelKernelNs({ path, counts, packet, distinctTargets: 1, calibration });
}

function checkFirst(
  path: PricedPath,
  encode: Encoder,
  table: Readonly<Record<number, readonly number[]>>,
): void {
  for (const [size, measured] of Object.entries(table)) {
    const services = Number(size);
    const objects = udpCluster(services);
    const image = encode(objects);
    for (const [position, ns] of measured.entries()) {
      const index = [0, services >> 1, services - 1][position] as number;
      const { first } = countPackets(image, objects.services[index]?.spec.clusterIP as string);
      const { ns: modelledNs } = modelled(path, first, "first");
      assertClose(modelledNs, ns, `${path}, ${services} Services, number ${index + 1}`);
    }
  }
}

test("modelled first packets of iptables are within 15% of the kernel's from 1 to 30,000 Services", () => {
  checkFirst("iptables-legacy", encodeLegacy, LEGACY_FIRST);
});

test("modelled first packets of iptables-nft are within 15% of the kernel's from 1 to 30,000 Services", () => {
  checkFirst("iptables-nft", encodeLegacy, COMPAT_FIRST);
});

test("modelled first packets of nftables are within 15% of the kernel's, and flat", () => {
  checkFirst("nftables", encodeNft, NFT_FIRST);
});

test("modelled first packets of ipset rules are within 15% of the kernel's, and flat", () => {
  checkFirst("ipset", encodeIpset, IPSET_FIRST);
});

test("modelled established packets are within 15% of the kernel's", () => {
  const objects = udpCluster(1000);
  const clusterIP = objects.services[500]?.spec.clusterIP as string;
  for (const [path, encode] of ENCODERS) {
    const { established } = countPackets(encode(objects), clusterIP);
    const { ns } = modelled(path, established, "established");
    assertClose(ns, ESTABLISHED[path], path);
  }
});

test("modelled first packets to Services of 1 to 200 endpoints are within 15% of the kernel's", () => {
  for (const [path, encode] of ENCODERS) {
    if (path === "ipset") continue;
    for (const [endpoints, ns] of Object.entries(ENDPOINTS[path])) {
      const objects = udpCluster(50, Number(endpoints));
      const counts = meanFirstPacket(encode(objects), objects.services[0]?.spec.clusterIP as string, DRAWS);
      assertClose(modelled(path, counts, "first").ns, ns, `${path}, ${endpoints} endpoints`);
    }
  }
});

test("modelled first packets that are masqueraded are within 15% of the kernel's", () => {
  const objects = udpCluster(10);
  for (const [path, encode] of ENCODERS) {
    if (path === "ipset") continue;
    const { first } = countPackets(encode(objects), objects.services[0]?.spec.clusterIP as string, STRANGER);
    assert.equal(first.masqueradeTargets, 1);
    assertClose(modelled(path, first, "first").ns, MASQUERADED[path], path);
  }
});

test("the parts of a modelled time add up to it", () => {
  const objects = udpCluster(10);
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
