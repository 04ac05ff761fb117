// The real nft and the real kernel take our texts, and hold afterwards what the model holds.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import type { Family } from "../../base/ip.js";
import type { NftTable } from "../../netfilter/nftables/model.js";
import type { ProxyConfig } from "../config.js";
import { defaultProxyConfig } from "../default-config.js";
import { buildProxyState } from "../state/build-state.js";
import { compileNftables } from "./compile.js";
import { nftablesDocument } from "./documents.js";
import {
  RANDOM_CLUSTER_CIDRS,
  RANDOM_NODE,
  changeCluster,
  randomCluster,
} from "./random-cluster.test-data.js";
import { syncFull, syncPartial } from "./sync.js";

const SEED = Number(process.env["PLUMB_TEST_SEED"] ?? 20262);

const CASES: readonly {
  readonly family: Family;
  readonly name: string;
  readonly config: Partial<ProxyConfig>;
  readonly nftables: Partial<ProxyConfig["nftables"]>;
}[] = [
  { family: "IPv4", name: "1.36", config: {}, nftables: { layout: "1.36", serviceCIDRs: ["172.30.0.0/16"] } },
  {
    family: "IPv4",
    name: "1.35, all node addresses",
    config: { nodePortAddresses: ["0.0.0.0/0"] },
    nftables: { layout: "1.35" },
  },
  {
    family: "IPv4",
    name: "1.37, bridge detector",
    config: { localDetector: { kind: "bridge", interface: "cni0" } },
    nftables: { directSingleEndpoint: true },
  },
  {
    family: "IPv6",
    name: "1.36, prefix detector",
    config: { localDetector: { kind: "prefix", prefix: "veth" } },
    nftables: { serviceCIDRs: ["fd00:172::/112"] },
  },
  {
    family: "IPv6",
    name: "1.35, masquerade all",
    config: { masqueradeAll: true, nodePortAddresses: ["::/0"] },
    nftables: { layout: "1.35" },
  },
];

for (const { family, name, config, nftables } of CASES) {
  test(`nft loads the whole table, each partial sync and a full one over it, ${family} ${name}`, {
    skip: reasonToSkip(),
  }, () => {
    const base = defaultProxyConfig("nftables", family, RANDOM_NODE, { clusterCIDRs: RANDOM_CLUSTER_CIDRS });
    const { texts, expected } = scenario(family, {
      ...base,
      ...config,
      nftables: { ...base.nftables, ...nftables },
    });
    const held = loadInTurn(texts, family);
    for (const [step, counts] of expected.entries())
      assert.deepEqual(held[step], counts, `seed ${SEED}, step ${step}`);
  });
}

/** Texts to load one after another, and what the kernel must hold after each. */
function scenario(family: Family, config: ProxyConfig): { texts: string[]; expected: Counts[] } {
  const prng = new Prng(SEED).fork(`${family} ${JSON.stringify(config)}`);
  let objects = randomCluster(prng, family, 12);
  let state = buildProxyState(objects, config);
  const texts = [[...nftablesDocument(state, config)].join("")];
  const expected = [countsOf(compileNftables(state, config).table)];
  for (let step = 0; step < 6; step++) {
    const change = changeCluster(prng, family, objects);
    const next = buildProxyState(change.objects, config);
    const result = syncPartial(state, next, change.changed, config);
    const counts = countsOf(compileNftables(next, config).table);
    texts.push([...result.text()].join(""), [...result.deletionText()].join(""));
    expected.push({ ...counts, chains: counts.chains + result.staleChains.length }, counts);
    ({ objects } = change);
    state = next;
  }
  // A full sync later in life, as after a failure: over a table that is there, with Services gone.
  const last = buildProxyState(changeCluster(prng, family, objects).objects, config);
  const full = syncFull(last, config, { previous: state });
  const counts = countsOf(compileNftables(last, config).table);
  texts.push([...full.text()].join(""), [...full.deletionText()].join(""));
  expected.push({ ...counts, chains: counts.chains + full.staleChains.length }, counts);
  return { texts, expected };
}

interface Counts {
  readonly chains: number;
  readonly rules: number;
  readonly sets: number;
  readonly maps: number;
  readonly elements: number;
}

function countsOf(table: NftTable): Counts {
  const holders = [...table.sets.values(), ...table.maps.values()];
  return {
    chains: table.chains.size,
    rules: [...table.chains.values()].reduce((sum, chain) => sum + chain.rules.length, 0),
    sets: table.sets.size,
    maps: table.maps.size,
    elements: holders.reduce((sum, { elements }) => sum + elements.size, 0),
  };
}

/** Load texts into one fresh network namespace, listing the table after each. */
function loadInTurn(texts: readonly string[], family: Family): Counts[] {
  const folder = mkdtempSync(join(tmpdir(), "plumb-nft-"));
  try {
    const list = `nft -j list table ${family === "IPv4" ? "ip" : "ip6"} kube-proxy`;
    const commands = texts.map((text, index) => {
      writeFileSync(join(folder, `${index}.nft`), text);
      return `nft -f ${folder}/${index}.nft && ${list} > ${folder}/${index}.json`;
    });
    const run = spawnSync("unshare", ["-n", "sh", "-c", commands.join(" && ")], { encoding: "utf8" });
    assert.equal(run.status, 0, `seed ${SEED}: ${run.stderr.slice(0, 2000)}`);
    return texts.map((_, index) => listed(readFileSync(join(folder, `${index}.json`), "utf8")));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function listed(json: string): Counts {
  const { nftables } = JSON.parse(json) as { nftables: Record<string, { elem?: unknown[] }>[] };
  const of = (kind: string) => nftables.flatMap((item) => item[kind] ?? []);
  const holders = [...of("set"), ...of("map")];
  return {
    chains: of("chain").length,
    rules: of("rule").length,
    sets: of("set").length,
    maps: of("map").length,
    elements: holders.reduce((sum, { elem }) => sum + (elem?.length ?? 0), 0),
  };
}

function reasonToSkip(): string | false {
  if (process.getuid?.() !== 0) return "needs root for a network namespace";
  const probe = spawnSync("unshare", ["-n", "nft", "list", "ruleset"], { encoding: "utf8" });
  return probe.status === 0
    ? false
    : `needs nft and network namespaces: ${probe.error?.message ?? probe.stderr.trim()}`;
}
