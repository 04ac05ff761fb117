import assert from "node:assert/strict";
import { test } from "node:test";
import { modelledMs, type PricedChange } from "./modelled-time.js";
import type { ProgrammingChange, ProgrammingPath } from "./rule-documents.js";

/** What prices were fitted to: ms measured, by Services. nftables full: one transaction; split: of 1,000 Services each. */
const REFERENCE: readonly {
  readonly path: ProgrammingPath;
  readonly change: ProgrammingChange;
  readonly split?: true;
  readonly ms: Readonly<Record<number, number>>;
}[] = [
  { path: "iptables-legacy", change: "full", ms: { 100: 15.7, 1000: 107.8, 5000: 716.8, 10000: 2126.8 } },
  { path: "iptables-legacy", change: "resync", ms: { 100: 23.3, 1000: 121.6, 5000: 758.9, 10000: 2010.0 } },
  { path: "iptables-legacy", change: "one-service", ms: { 100: 8.0, 5000: 212.7, 10000: 416.9 } },
  { path: "iptables-nft", change: "full", ms: { 100: 48.1, 1000: 260.8, 5000: 1261.3, 10000: 2152.0 } },
  { path: "iptables-nft", change: "resync", ms: { 100: 44.7, 1000: 350.9, 5000: 5404.0, 10000: 18_013.2 } },
  { path: "iptables-nft", change: "one-service", ms: { 100: 19.9, 1000: 23.8, 5000: 48.5, 10000: 64.0 } },
  { path: "nftables", change: "full", ms: { 100: 22.8, 1000: 284.5, 5000: 7645.6 } },
  {
    path: "nftables",
    change: "full",
    split: true,
    ms: { 2000: 841, 5000: 2841, 10000: 9707, 20000: 41_718 },
  },
  { path: "nftables", change: "one-service", ms: { 100: 20.4, 1000: 36.4, 5000: 104.2, 10000: 180.0 } },
  { path: "ipset", change: "full", ms: { 100: 9.6, 1000: 53.9, 5000: 252.4, 10000: 429.1 } },
];

/** Rules, chains and elements of a Service of one endpoint where the reference was measured. */
const PER_SERVICE: Readonly<
  Record<ProgrammingPath, readonly [rules: number, chains: number, elements: number]>
> = {
  "iptables-legacy": [5, 2, 0],
  "iptables-nft": [5, 2, 0],
  nftables: [1, 1, 1],
  ipset: [0, 0, 2],
};

function priced(
  path: ProgrammingPath,
  change: ProgrammingChange,
  { services, perRun }: { readonly services: number; readonly perRun: number },
): PricedChange {
  const [rules, chains, elements] = PER_SERVICE[path];
  const anonymous = path === "nftables" ? 1 : 0;
  const runs = Array.from({ length: Math.ceil(services / perRun) }, (_, index) => ({
    anonymousSets: anonymous * Math.min(perRun, services - index * perRun),
  }));
  return {
    change,
    counts: { rules: rules * services, chains: chains * services, elements: elements * services },
    runs,
  };
}

test("modelledMs is within a third, or 10 ms, of every time that its prices were fitted to", () => {
  for (const { path, change, split, ms } of REFERENCE) {
    for (const [size, measured] of Object.entries(ms)) {
      const services = Number(size);
      const perRun = split ? 1000 : services;
      const full = priced(path, "full", { services, perRun });
      const written = change === "one-service" ? 1 : services;
      const of = priced(path, change, { services: written, perRun: Math.min(perRun, written) });
      const modelled = modelledMs(path, of, full);
      const allowed = Math.max(10, measured / 3);
      assert.ok(
        Math.abs(modelled - measured) <= allowed,
        `${path} ${change} ${size}: ${modelled} for ${measured} ms`,
      );
    }
  }
});

test("modelledMs has a resync empty the table in its first transaction, and then fill it as a full load does", () => {
  const of = (change: ProgrammingChange) => priced("nftables", change, { services: 3000, perRun: 1000 });
  const full = of("full");
  const fullMs = modelledMs("nftables", full, full);
  // 3,000 maps that are there when the first 1,000 are written: 16,300 ns each, and 136 ns each for every new one.
  const emptyingMs = (3000 * 16_300 + 3000 * 1000 * 136) / 1e6;
  assert.ok(Math.abs(modelledMs("nftables", of("resync"), full) - fullMs - emptyingMs) < 1e-6);
});
