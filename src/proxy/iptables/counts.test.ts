import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterObjects } from "../../api/types.js";
import { Prng } from "../../base/prng.js";
import { countRules } from "../../netfilter/iptables/ruleset.js";
import type { LocalDetector, ProxyConfig } from "../config.js";
import { randomCluster, testConfig, uniformCluster } from "../cluster.test-data.js";
import { buildProxyState } from "../state/build-state.js";
import { compileIptables } from "./compile.js";
import { expectedCounts } from "./counts.test-data.js";
import { HOOK_JUMPS_COUNT } from "./fixed.js";

const NAT_JUMPS_COUNT = 3;
const NAT_BUILTIN_CHAINS_COUNT = 4;

/** Counts of a compiled ruleset, without what a restore document does not hold. */
function countsOf(objects: ClusterObjects, config: ProxyConfig) {
  const { ruleset } = compileIptables(buildProxyState(objects, config), config);
  const chains = ruleset.tables.get("nat")?.chains.size ?? 0;
  return {
    natRules: countRules(ruleset, "nat") - NAT_JUMPS_COUNT,
    natChains: chains - NAT_BUILTIN_CHAINS_COUNT - 1,
    filterRules: countRules(ruleset, "filter") - (HOOK_JUMPS_COUNT - NAT_JUMPS_COUNT),
  };
}

// Services, endpoints of each, node port?, nat rules: S(2 + 3E) + 5, with a node port S(5 + 3E) + 5.
const PINNED: readonly [number, number, boolean, number][] = [
  [0, 0, false, 5],
  [1, 1, false, 10],
  [1000, 4, false, 14_005],
  [1000, 1, false, 5005],
  [5000, 1, true, 40_005],
  [100, 50, true, 15_505],
];

for (const [services, endpoints, hasNodePort, natRules] of PINNED) {
  const kind = hasNodePort ? "NodePort" : "ClusterIP";
  test(`compileIptables makes ${natRules} nat rules of ${services} ${kind} Services with ${endpoints} endpoints`, () => {
    const objects = uniformCluster(services, endpoints, (index) =>
      hasNodePort ? { type: "NodePort", nodePort: 30_000 + index } : {},
    );
    const counts = countsOf(objects, testConfig());
    assert.equal(counts.natRules, natRules);
    assert.equal(counts.natChains, services * (1 + endpoints + (hasNodePort ? 1 : 0)) + 4);
    assert.equal(counts.filterRules, 4);
  });
}

test("compileIptables makes one nat rule less per Service without a local detector", () => {
  const counts = countsOf(uniformCluster(10, 2), testConfig({ localDetector: { kind: "none" } }));
  assert.equal(counts.natRules, 10 * (1 + 3 * 2) + 5);
});

test("compileIptables makes as many rules and chains as the formulas say, for random clusters", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const prng = new Prng(seed);
    const config = randomConfig(prng);
    const objects = randomCluster(prng, 15);
    const expected = expectedCounts(buildProxyState(objects, config), config);
    assert.deepEqual(countsOf(objects, config), expected, `seed ${seed}: ${JSON.stringify(config)}`);
  }
});

function randomConfig(prng: Prng): ProxyConfig {
  const flag = () => prng.below(2) === 0;
  const detectors: readonly LocalDetector[] = [
    { kind: "none" },
    { kind: "cidr", cidrs: ["fd00::/64", "10.180.0.0/16"] },
    { kind: "cidr", cidrs: ["fd00::/64"] },
    { kind: "bridge", interface: "cni0" },
    { kind: "prefix", prefix: "veth" },
  ];
  return testConfig({
    localDetector: prng.pick(detectors),
    order: prng.pick(["sorted", "seeded", "input"] as const),
    seed: prng.next32(),
    masqueradeAll: flag(),
    localhostNodePorts: flag(),
    nodePortAddresses: prng.pick([
      [],
      ["primary"],
      ["192.168.0.0/16"],
      ["127.0.0.0/8", "192.168.0.0/16"],
      ["0.0.0.0/0"],
    ]),
    conntrackTcpBeLiberal: flag(),
    nfacct: flag(),
    largeClusterEndpoints: prng.pick([0, 1000]),
  });
}
