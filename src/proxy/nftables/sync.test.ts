import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import type { Family } from "../../base/ip.js";
import { applyNftChange } from "../../netfilter/nftables/apply.js";
import type { NftTable } from "../../netfilter/nftables/model.js";
import { FLOW_CLUSTER_CIDRS, FLOW_NODE, FLOW_OBJECTS } from "../packet-flow-cluster.test-data.js";
import { defaultProxyConfig } from "../default-config.js";
import type { ProxyConfig } from "../config.js";
import { buildProxyState } from "../state/build-state.js";
import { textBytes } from "../sync-result.js";
import { compileNftables } from "./compile.js";
import {
  RANDOM_CLUSTER_CIDRS,
  RANDOM_NODE,
  changeCluster,
  randomCluster,
} from "./random-cluster.test-data.js";
import { syncFull, syncPartial } from "./sync.js";

const SEED = Number(process.env["PLUMB_TEST_SEED"] ?? 20261);

for (const family of ["IPv4", "IPv6"] as const) {
  for (const layout of ["1.36", "1.35"] as const) {
    test(`syncPartial leaves the table that compiling the new state gives, ${family} ${layout}`, () => {
      const prng = new Prng(SEED).fork(`${family} ${layout}`);
      const config = configOf(family, layout);
      let objects = randomCluster(prng, family, 12);
      let state = buildProxyState(objects, config);
      const { table } = compileNftables(state, config);
      for (let step = 0; step < 60; step++) {
        const change = changeCluster(prng, family, objects);
        const next = buildProxyState(change.objects, config);
        const result = syncPartial(state, next, change.changed, config);
        assert.ok(result.change?.mode === "nftables");
        applyNftChange(table, result.change.change);
        assert.deepEqual(
          canonical(table),
          canonical(compileNftables(next, config).table),
          `seed ${SEED}, step ${step}`,
        );
        ({ objects } = change);
        state = next;
      }
    });
  }
}

test("syncPartial of one Service writes its chains and elements only", () => {
  const config = defaultProxyConfig("nftables", "IPv4", FLOW_NODE, { clusterCIDRs: FLOW_CLUSTER_CIDRS });
  const all = buildProxyState(FLOW_OBJECTS, config);
  const without = buildProxyState(
    {
      ...FLOW_OBJECTS,
      services: FLOW_OBJECTS.services.filter(({ metadata }) => metadata.name !== "node-port"),
    },
    config,
  );
  const changed = new Set(["flow/node-port"]);

  const added = syncPartial(without, all, changed, config);
  // service- and external- chain of one and two rules; ClusterIP in cluster-ips and service-ips, and the node port.
  assert.deepEqual(
    { rules: added.rules, chains: added.chains, elements: added.elements },
    { rules: 3, chains: 2, elements: 3 },
  );
  assert.equal(added.bytes, textBytes(added.text()));
  assert.deepEqual(added.staleChains, []);

  const removed = syncPartial(all, without, changed, config);
  assert.deepEqual(
    { rules: removed.rules, chains: removed.chains, elements: removed.elements },
    { rules: 0, chains: 0, elements: 0 },
  );
  const lines = [...removed.text()].join("").trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => line.split(" ").slice(0, 2).join(" ")),
    ["delete element", "delete element", "delete element", "flush chain", "flush chain"],
  );
  assert.deepEqual([...removed.deletionText()].length, 2);
});

test("syncPartial of a Service that did not change rewrites its chains and no element", () => {
  const config = defaultProxyConfig("nftables", "IPv4", FLOW_NODE, { clusterCIDRs: FLOW_CLUSTER_CIDRS });
  const state = buildProxyState(FLOW_OBJECTS, config);
  const result = syncPartial(state, state, new Set(["flow/two"]), config);
  assert.deepEqual(
    { chains: result.chains, elements: result.elements, stale: result.staleChains },
    { chains: 2, elements: 0, stale: [] },
  );
});

test("syncFull counts what its text says", () => {
  const config = defaultProxyConfig("nftables", "IPv4", FLOW_NODE, { clusterCIDRs: FLOW_CLUSTER_CIDRS });
  const result = syncFull(buildProxyState(FLOW_OBJECTS, config), config);
  const lines = [...result.text()].join("").trimEnd().split("\n");
  const count = (start: string) => lines.filter((line) => line.startsWith(start)).length;
  assert.equal(result.rules, count("add rule "));
  assert.equal(result.chains, count("add chain "));
  assert.equal(result.elements, count("add element "));
  assert.equal(result.change, null);
});

function configOf(family: Family, layout: "1.36" | "1.35"): ProxyConfig {
  const base = defaultProxyConfig("nftables", family, RANDOM_NODE, { clusterCIDRs: RANDOM_CLUSTER_CIDRS });
  return { ...base, nftables: { ...base.nftables, layout, directSingleEndpoint: family === "IPv6" } };
}

/** Chains, sets and elements have no order in a kernel. */
function canonical(table: NftTable) {
  const sorted = <T>(map: ReadonlyMap<string, T>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  const holders = (map: ReadonlyMap<string, { readonly elements: ReadonlyMap<string, unknown> }>) =>
    sorted(map).map(([name, holder]) => [name, { ...holder, elements: sorted(holder.elements) }]);
  return { chains: sorted(table.chains), sets: holders(table.sets), maps: holders(table.maps) };
}
