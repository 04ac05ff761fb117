// Modelled times of mode ipvs against IPVS in user-mode Linux: as ratios to iptables-legacy in the same kernel, because
// that kernel runs unmitigated code on another clock than the machine of the calibration. Medians of one or two boots.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sourcePath } from "../base/source-path.js";
import { readCalibration } from "../calibration/calibration-file.js";
import { modelKernelNs } from "../dataplane/cost-model.js";
import type { ControlRecord, PacketKind } from "../measure/kernel-record.js";
import { countPackets, encodeLegacy, encodeVirtualServers, udpCluster } from "./counted-packets.test-data.js";
import { timeInUserMode } from "./verify-kernel/user-mode-time.js";

/** How far a ratio of modelled times may be from the measured one. */
const RATIO_MIN = 0.75;
const RATIO_MAX = 1.33;

/** Of the same boots: the empty path, and the one with conntrack. */
const CONTROLS: Readonly<Record<PacketKind, Readonly<Record<ControlRecord["control"], number>>>> = {
  first: { none: 1039, conntrack: 1489 },
  established: { none: 1069, conntrack: 1321 },
};

/** Services -> [ipvs, iptables-legacy] in user-mode Linux. random: every Service in turn, modelled at the middle one. */
const FIRST = {
  first: {
    1: [3347, 2098],
    100: [3093, 1982],
    1000: [3070, 2045],
    5000: [3296, 2023],
    10000: [3635, 2074],
  },
  last: { 100: [3118, 2372], 1000: [3042, 5615], 5000: [3118, 26308], 10000: [3354, 53903] },
  random: { 100: [3438, 2290], 1000: [4612, 4924], 5000: [5662, 14573], 10000: [7151, 29026] },
} as const;
const ESTABLISHED = {
  1: [2037, 1444],
  100: [2085, 1419],
  1000: [2170, 1464],
  5000: [2111, 1408],
  10000: [2416, 1498],
} as const;

const INDEX_OF = {
  first: () => 0,
  last: (services: number) => services - 1,
  random: (services: number) => services >> 1,
} as const;

const calibration = readCalibration(sourcePath(import.meta.url, "cost-model.test-data.json"));

interface Asked {
  readonly services: number;
  readonly index: number;
  readonly distinctTargets: number;
  readonly packet: PacketKind;
}

/** ipvs over iptables-legacy, as user-mode Linux would time them. */
function modelledRatio({ services, index, distinctTargets, packet }: Asked): number {
  const inUserMode = timeInUserMode(controlsOf(packet), calibration);
  const objects = udpCluster(services);
  const clusterIP = objects.services[index]?.spec.clusterIP as string;
  const [ipvs, legacy] = (
    [
      ["ipvs", encodeVirtualServers],
      ["iptables-legacy", encodeLegacy],
    ] as const
  ).map(([path, encode]) => {
    const counts = countPackets(encode(objects), clusterIP)[packet];
    return inUserMode(modelKernelNs({ path, counts, packet, distinctTargets, calibration }));
  }) as [number, number];
  return ipvs / legacy;
}

function controlsOf(packet: PacketKind): ControlRecord[] {
  return (["none", "conntrack"] as const).map((control) => {
    return { control, kernel: "user-mode", packet, ns: CONTROLS[packet][control], noise: 0 };
  });
}

function checkRatio(asked: Asked, [ipvs, legacy]: readonly [number, number], what: string): void {
  const modelled = modelledRatio(asked);
  const ratio = modelled / (ipvs / legacy);
  assert.ok(
    ratio >= RATIO_MIN && ratio <= RATIO_MAX,
    `${what}: ipvs over iptables modelled ${modelled.toFixed(3)}, measured ${(ipvs / legacy).toFixed(3)}`,
  );
}

test("a first packet's ipvs to iptables ratio is the one measured in user-mode Linux", () => {
  for (const target of ["first", "last", "random"] as const)
    for (const [size, measured] of Object.entries(FIRST[target])) {
      const services = Number(size);
      const distinctTargets = target === "random" ? services : 1;
      const index = INDEX_OF[target](services);
      const asked: Asked = { services, index, distinctTargets, packet: "first" };
      checkRatio(asked, measured, `${services} Services, ${target}`);
    }
});

test("an established packet's ipvs to iptables ratio is the one measured in user-mode Linux", () => {
  for (const [size, measured] of Object.entries(ESTABLISHED)) {
    const asked: Asked = { services: Number(size), index: 0, distinctTargets: 1, packet: "established" };
    checkRatio(asked, measured, `${size} Services`);
  }
});
