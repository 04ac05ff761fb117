import assert from "node:assert/strict";
import { test } from "node:test";
import type { KernelPath, TimingPoint } from "../../measure/kernel-record.js";
import { crossovers, orderAgreement, scorePoints } from "./score.js";

function point(
  path: KernelPath,
  services: number,
  [measuredNs, modelledNs]: readonly [number, number],
): TimingPoint {
  return {
    path,
    kernel: "native",
    packet: "first",
    services,
    target: services < 100 ? "last" : "random",
    measuredNs,
    modelledNs,
    chunks: 10,
    packets: 1000,
    spread: 0.02,
  };
}

/** Path -> (measured, modelled) at 1, 100, 1000 and 10,000 Services. */
function sweep(table: Partial<Record<KernelPath, readonly (readonly [number, number])[]>>): TimingPoint[] {
  const sizes = [1, 100, 1000, 10_000];
  return Object.entries(table).flatMap(([path, row]) =>
    row.map((pair, index) => point(path as KernelPath, sizes[index] as number, pair)),
  );
}

test("scorePoints: shares within 0.85..1.15 and 0.75..1.33, and the ratio farthest from 1 on either side", () => {
  const points = sweep({
    nftables: [
      [1000, 1000],
      [1000, 850],
      [1000, 1300],
      [1000, 500],
    ],
    ipset: [[1000, 1100]],
  });
  assert.deepEqual(scorePoints(points), [
    {
      path: "nftables",
      kernel: "native",
      packet: "first",
      points: 4,
      withinClose: 0.5,
      withinWide: 0.75,
      worstRatio: 0.5,
    },
    {
      path: "ipset",
      kernel: "native",
      packet: "first",
      points: 1,
      withinClose: 1,
      withinWide: 1,
      worstRatio: 1.1,
    },
  ]);
});

test("scorePoints: ipvs in user-mode Linux is judged by its ratio to iptables-legacy at the same size", () => {
  const points = sweep({
    ipvs: [
      [3300, 6600],
      [3100, 3100],
    ],
    "iptables-legacy": [[2100, 4000]],
  }).map((one): TimingPoint => ({ ...one, kernel: "user-mode" }));
  const [ipvs, legacy] = scorePoints(points);
  const ratio = 6600 / 3300 / (4000 / 2100);
  assert.deepEqual(ipvs, {
    path: "ipvs",
    kernel: "user-mode",
    packet: "first",
    against: "iptables-legacy",
    points: 1,
    withinClose: 1,
    withinWide: 1,
    worstRatio: ratio,
  });
  assert.equal(legacy?.against, undefined);
  assert.equal(legacy?.worstRatio, 4000 / 2100);
});

test("orderAgreement counts pairs measured farther apart than the model errs", () => {
  const points = sweep({
    "iptables-legacy": [
      [4000, 4000],
      [4400, 4400],
      [9000, 4000],
    ],
    nftables: [
      [4300, 3900],
      [4300, 4500],
      [4300, 4300],
    ],
    ipset: [
      [2000, 2000],
      [2000, 2100],
      [2000, 2100],
    ],
  });
  // At 1 and 100 legacy and nftables are a tie; at 1,000 the model has them the wrong way round.
  assert.deepEqual(orderAgreement(points), { agreed: 6, pairs: 7 });
});

test("crossovers: the size from which a path stays cheaper, modelled and measured", () => {
  const legacy = [4000, 4300, 9000, 60_000].map((ns) => [ns, ns] as const);
  const early = sweep({
    "iptables-legacy": legacy,
    nftables: [
      [4400, 4400],
      [4400, 4200],
      [4400, 4400],
      [4400, 4400],
    ],
  });
  // Cheaper from 100 on by the model, from 1,000 on by the clock; at 100 the two are measured too close to tell.
  assert.deepEqual(crossovers(early, "first"), [
    {
      a: "iptables-legacy",
      b: "nftables",
      packet: "first",
      modelledAt: 100,
      measuredAt: 1000,
      sameStep: true,
    },
  ]);
  const late = sweep({
    "iptables-legacy": legacy,
    nftables: [
      [4400, 4400],
      [4400, 4400],
      [4400, 9500],
      [4400, 9500],
    ],
  });
  assert.deepEqual(crossovers(late, "first"), [
    {
      a: "iptables-legacy",
      b: "nftables",
      packet: "first",
      modelledAt: 10_000,
      measuredAt: 1000,
      sameStep: false,
    },
  ]);
});

test("crossovers: b is the path that is cheaper at the largest size; pairs always alike have none", () => {
  const points = sweep({
    nftables: [
      [4000, 4000],
      [4000, 4000],
    ],
    "iptables-legacy": [
      [3000, 3000],
      [8000, 3500],
    ],
    ipset: [
      [4100, 4100],
      [4100, 4100],
    ],
  });
  const found = crossovers(points, "first");
  assert.deepEqual(
    found.map(({ a, b, modelledAt, measuredAt }) => [a, b, modelledAt, measuredAt]),
    [
      ["iptables-legacy", "nftables", null, 100],
      ["iptables-legacy", "ipset", null, 100],
    ],
  );
  assert.deepEqual(crossovers(points, "established"), []);
});
