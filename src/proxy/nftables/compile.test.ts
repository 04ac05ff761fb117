import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { ClusterObjects, ServiceSpec } from "../../api/types.js";
import { sourcePath } from "../../base/source-path.js";
import type { NftTable } from "../../netfilter/nftables/model.js";
import type { ProxyConfig } from "../config.js";
import { defaultProxyConfig } from "../default-config.js";
import { FLOW_CLUSTER_CIDRS, FLOW_NODE, FLOW_OBJECTS } from "../packet-flow-cluster.test-data.js";
import { buildProxyState } from "../state/build-state.js";
import { testService, testSlice } from "../cluster.test-data.js";
import { compileNftables } from "./compile.js";
import { nftablesDocument } from "./documents.js";

const BASE = defaultProxyConfig("nftables", "IPv4", FLOW_NODE, { clusterCIDRs: FLOW_CLUSTER_CIDRS });

/** The flow cluster, with session affinity on two Services so that every kind of chain appears. */
const OVERALL: ClusterObjects = {
  ...FLOW_OBJECTS,
  services: FLOW_OBJECTS.services.map((service) =>
    service.metadata.name === "two" || service.metadata.name === "six"
      ? { ...service, spec: { ...service.spec, sessionAffinity: "ClientIP" } }
      : service,
  ),
};

const DUMPS: readonly { readonly file: string; readonly config: ProxyConfig }[] = [
  {
    file: "overall-1.36.nft",
    config: { ...BASE, nftables: { ...BASE.nftables, serviceCIDRs: ["172.30.0.0/16"] } },
  },
  { file: "overall-1.35.nft", config: { ...BASE, nftables: { ...BASE.nftables, layout: "1.35" } } },
  { file: "overall-ipv6-1.36.nft", config: { ...BASE, family: "IPv6", nodePortAddresses: ["::/0"] } },
];

for (const { file, config } of DUMPS) {
  test(`compileNftables of the flow cluster is ${file}`, () => {
    const dump = [...nftablesDocument(buildProxyState(OVERALL, config), config)].join("");
    const path = sourcePath(import.meta.url, `./testdata/${file}`);
    if (process.env["UPDATE"] === "1") writeFileSync(path, dump);
    assert.equal(dump, readFileSync(path, "utf8"));
  });
}

test("compileNftables is pure: the same state gives the same table", () => {
  const state = buildProxyState(OVERALL, BASE);
  assert.deepEqual(compileNftables(state, BASE), compileNftables(state, BASE));
});

// Fixed rules: 11 jumps from base chains, and per layout the rules of services (3 or 2), firewall-check (1),
// service- and nodeport-endpoints-check (1 each), cluster-ips-check (1), reject-chain (1), masquerading (2 or 3) and
// mark-for-masquerade (0 or 1).
const FIXED_RULES = { "1.36": 21, "1.35": 22 } as const;
const FIXED_CHAINS = { "1.36": 15, "1.35": 16 } as const;

for (const layout of ["1.36", "1.35"] as const) {
  for (const [services, endpoints] of [
    [1, 1],
    [7, 3],
    [40, 10],
  ] as const) {
    test(`${services} ClusterIP Services with ${endpoints} endpoints, ${layout}: rules, chains and elements by formula`, () => {
      const table = tableOf(plainCluster(services, endpoints, {}), layout);
      const perEndpoint = layout === "1.35";
      // 1.36: one rule with an anonymous map. 1.35: masquerade, vmap, and hairpin and dnat per endpoint.
      assert.equal(rulesOf(table), FIXED_RULES[layout] + services * (perEndpoint ? 2 + 2 * endpoints : 1));
      assert.equal(table.chains.size, FIXED_CHAINS[layout] + services * (perEndpoint ? 1 + endpoints : 1));
      assert.equal(table.sets.get("cluster-ips")?.elements.size, services);
      assert.equal(table.maps.get("service-ips")?.elements.size, services);
      assert.equal(anonymousMapsOf(table), services);
    });
  }
}

test("a NodePort adds the external chain of two rules and one element", () => {
  const plain = tableOf(plainCluster(9, 2, {}), "1.36");
  const nodePorts = tableOf(plainCluster(9, 2, { type: "NodePort" }), "1.36");
  assert.equal(rulesOf(nodePorts) - rulesOf(plain), 9 * 2);
  assert.equal(nodePorts.chains.size - plain.chains.size, 9);
  assert.equal(nodePorts.maps.get("service-nodeports")?.elements.size, 9);
});

test("policy Local makes the external chain one of four rules, where an endpoint is local", () => {
  const cluster = tableOf(plainCluster(9, 2, { type: "NodePort" }), "1.36");
  const local = tableOf(plainCluster(9, 2, { type: "NodePort", externalTrafficPolicy: "Local" }), "1.36");
  // external-: 4 rules instead of 2; local-: 1.
  assert.equal(rulesOf(local) - rulesOf(cluster), 9 * (2 + 1));
  assert.equal(local.chains.size - cluster.chains.size, 9);
});

test("session affinity adds per endpoint a set, a lookup, and a chain of two rules", () => {
  const plain = tableOf(plainCluster(5, 4, {}), "1.36");
  const sticky = tableOf(plainCluster(5, 4, { sessionAffinity: "ClientIP" }), "1.36");
  assert.equal(rulesOf(sticky) - rulesOf(plain), 5 * 4 * 3);
  assert.equal(sticky.chains.size - plain.chains.size, 5 * 4);
  assert.equal(sticky.sets.size - plain.sets.size, 5 * 4);
});

test("directSingleEndpoint spares the anonymous map of a Service with one endpoint, and only there", () => {
  const direct = (endpoints: number) =>
    tableOf(plainCluster(6, endpoints, {}), "1.36", { directSingleEndpoint: true });
  assert.equal(anonymousMapsOf(direct(1)), 0);
  assert.equal(anonymousMapsOf(direct(2)), 6);
});

test("a name too long for nft's comments is cut off in them, or the kernel would refuse every Service", () => {
  const service = testService(
    `${"n".repeat(63)}/${"s".repeat(63)}`,
    { type: "NodePort", clusterIP: "172.30.0.41" },
    { ports: [{ name: "p80", port: 80, nodePort: 30080 }] },
  );
  const objects = { services: [service], endpointSlices: [], nodes: [] };
  const elements = [...tableOf(objects, "1.36").maps.values()].flatMap((map) => [...map.elements.values()]);
  const cut = `${"n".repeat(63)}/${"s".repeat(63)}:`;
  assert.deepEqual(
    elements.map(({ comment }) => comment).filter((comment) => comment !== null),
    [cut, cut],
  );
});

function tableOf(
  objects: ClusterObjects,
  layout: "1.36" | "1.35",
  nftables: Partial<ProxyConfig["nftables"]> = {},
): NftTable {
  const config = { ...BASE, nftables: { ...BASE.nftables, layout, ...nftables } };
  return compileNftables(buildProxyState(objects, config), config).table;
}

function rulesOf(table: NftTable): number {
  return [...table.chains.values()].reduce((sum, chain) => sum + chain.rules.length, 0);
}

function anonymousMapsOf(table: NftTable): number {
  const statements = [...table.chains.values()].flatMap((chain) =>
    chain.rules.flatMap((rule) => rule.statements),
  );
  return statements.filter(({ kind }) => kind.startsWith("numgen")).length;
}

/** The first endpoint of each Service is on our node, the others elsewhere. */
function plainCluster(services: number, endpoints: number, spec: ServiceSpec): ClusterObjects {
  const names = Array.from({ length: services }, (_, index) => `default/svc-${index}`);
  const portOf = (index: number) => ({
    name: "p80",
    port: 80,
    ...(spec.type === "NodePort" ? { nodePort: 30_000 + index } : {}),
  });
  const endpointsOf = (service: number) =>
    Array.from(
      { length: endpoints },
      (_, host) => `10.180.${service}.${host + 1}@${host === 0 ? FLOW_NODE.name : "node-2"}`,
    );
  return {
    nodes: [],
    services: names.map((name, index) =>
      testService(name, { clusterIP: `172.30.1.${index}`, ...spec }, { ports: [portOf(index)] }),
    ),
    endpointSlices: names.map((name, index) => testSlice(name, endpointsOf(index))),
  };
}
