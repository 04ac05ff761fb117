import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { env } from "node:process";
import { test } from "node:test";
import type { ClusterObjects } from "../../api/types.js";
import { sourcePath } from "../../base/source-path.js";
import { printRule } from "../../netfilter/iptables/text.js";
import type { TableName } from "../../netfilter/iptables/model.js";
import type { ProxyConfig } from "../config.js";
import { loadDocument } from "../load-document.js";
import { testConfig, testService, testSlice, uniformCluster } from "../cluster.test-data.js";
import { buildProxyState } from "../state/build-state.js";
import { compileIptables } from "./compile.js";
import { probabilityText } from "./context.js";

const LOCAL_POLICY = { externalTrafficPolicy: "Local" } as const;

/** One Service of each kind: what a reader of the rules wants to see side by side. */
const SIX: ClusterObjects = {
  services: [
    testService("ns1/svc1", { clusterIP: "172.30.0.41" }),
    testService(
      "ns2/svc2",
      {
        type: "LoadBalancer",
        clusterIP: "172.30.0.42",
        externalIPs: ["192.168.99.22"],
        healthCheckNodePort: 30000,
        ...LOCAL_POLICY,
      },
      { ports: [{ name: "p80", protocol: "TCP", port: 80, nodePort: 3001 }], vips: ["1.2.3.4"] },
    ),
    testService(
      "ns3/svc3",
      { type: "NodePort", clusterIP: "172.30.0.43" },
      { ports: [{ name: "p80", protocol: "TCP", port: 80, nodePort: 3003 }] },
    ),
    testService("ns4/svc4", { clusterIP: "172.30.0.44", externalIPs: ["192.168.99.33"] }),
    testService(
      "ns5/svc5",
      {
        type: "LoadBalancer",
        clusterIP: "172.30.0.45",
        sessionAffinity: "ClientIP",
        loadBalancerSourceRanges: [" 203.0.113.0/25", "192.168.0.0/24"],
      },
      { ports: [{ name: "p80", protocol: "TCP", port: 80, nodePort: 3002 }], vips: ["5.6.7.8"] },
    ),
    testService("ns6/svc6", { clusterIP: "172.30.0.46" }),
  ],
  endpointSlices: [
    testSlice("ns1/svc1", ["10.180.0.1"]),
    testSlice("ns2/svc2", ["10.180.0.2@node-1"]),
    testSlice("ns3/svc3", ["10.180.0.3"]),
    testSlice("ns4/svc4", ["10.180.0.4@node-0", "10.180.0.5"]),
    testSlice("ns5/svc5", ["10.180.0.3"]),
  ],
  nodes: [],
};

function rulesOf(objects: ClusterObjects, config: ProxyConfig) {
  const { ruleset } = compileIptables(buildProxyState(objects, config), config);
  return (table: TableName, chain: string): string[] => {
    const found = ruleset.tables.get(table)?.chains.get(chain);
    return (found?.rules ?? []).map((rule) => printRule(chain, rule).replace(`-A ${chain}`, "").trim());
  };
}

for (const [name, overrides] of [
  ["overall", {}],
  ["overall-large", { largeClusterEndpoints: 3, nodePortAddresses: ["192.168.0.0/16"], randomFully: false }],
] as const) {
  test(`compileIptables writes the six Services as testdata/${name}.txt has them`, () => {
    const config = testConfig(overrides);
    const text = [...loadDocument(compileIptables(buildProxyState(SIX, config), config))].join("");
    const file = sourcePath(import.meta.url, `./testdata/${name}.txt`);
    if (env["UPDATE"] === "1") writeFileSync(file, text);
    assert.equal(text, readFileSync(file, "utf8"));
  });
}

test("compileIptables gives the same text for the same input", () => {
  const config = testConfig({ order: "seeded", seed: 7 });
  const print = () => [...loadDocument(compileIptables(buildProxyState(SIX, config), config))].join("");
  assert.equal(print(), print());
});

test("compileIptables orders hook jumps as kube-proxy leaves them on a fresh node", () => {
  const rules = rulesOf({ services: [], endpointSlices: [], nodes: [] }, testConfig());
  const targets = (table: TableName, chain: string) =>
    rules(table, chain).map((text) => text.split("-j ")[1]);
  assert.deepEqual(targets("filter", "INPUT"), [
    "KUBE-FIREWALL",
    "KUBE-PROXY-FIREWALL",
    "KUBE-NODEPORTS",
    "KUBE-EXTERNAL-SERVICES",
  ]);
  assert.deepEqual(targets("filter", "FORWARD"), [
    "KUBE-PROXY-FIREWALL",
    "KUBE-FORWARD",
    "KUBE-SERVICES",
    "KUBE-EXTERNAL-SERVICES",
  ]);
  assert.deepEqual(targets("filter", "OUTPUT"), ["KUBE-FIREWALL", "KUBE-PROXY-FIREWALL", "KUBE-SERVICES"]);
  assert.deepEqual(targets("nat", "PREROUTING"), ["KUBE-SERVICES"]);
  assert.deepEqual(targets("nat", "OUTPUT"), ["KUBE-SERVICES"]);
  assert.deepEqual(targets("nat", "POSTROUTING"), ["KUBE-POSTROUTING"]);
});

test("compileIptables drops invalid packets unless conntrack is liberal", () => {
  const forward = (liberal: boolean, nfacct = false) =>
    rulesOf(SIX, testConfig({ conntrackTcpBeLiberal: liberal, nfacct }))("filter", "KUBE-FORWARD");
  assert.equal(forward(false)[0], "-m conntrack --ctstate INVALID -j DROP");
  assert.equal(
    forward(false, true)[0],
    "-m conntrack --ctstate INVALID -m nfacct --nfacct-name ct_state_invalid_dropped_pkts -j DROP",
  );
  assert.deepEqual(forward(true), forward(false).slice(1));
});

test("compileIptables uses the masquerade bit it is told", () => {
  const rules = rulesOf(SIX, testConfig({ masqueradeBit: 31 }));
  assert.deepEqual(rules("nat", "KUBE-MARK-MASQ"), ["-j MARK --or-mark 0x80000000"]);
  assert.deepEqual(rules("nat", "KUBE-POSTROUTING").slice(0, 2), [
    "-m mark ! --mark 0x80000000/0x80000000 -j RETURN",
    "-j MARK --xor-mark 0x80000000",
  ]);
});

test("compileIptables tells local Pods by interface where told", () => {
  const masqueradeRule = (localDetector: ProxyConfig["localDetector"]) =>
    rulesOf(SIX, testConfig({ localDetector }))("nat", "KUBE-SVC-XPGD46QRK7WJZT7O")[0];
  const match = `-m comment --comment "ns1/svc1:p80 cluster IP" -m tcp -p tcp -d 172.30.0.41 --dport 80`;
  assert.equal(masqueradeRule({ kind: "bridge", interface: "cni0" }), `${match} ! -i cni0 -j KUBE-MARK-MASQ`);
  assert.equal(masqueradeRule({ kind: "prefix", prefix: "veth" }), `${match} ! -i veth+ -j KUBE-MARK-MASQ`);
  assert.match(masqueradeRule({ kind: "none" }) ?? "", /-> 10\.180\.0\.1:80/);
  const all = rulesOf(SIX, testConfig({ masqueradeAll: true }))("nat", "KUBE-SVC-XPGD46QRK7WJZT7O")[0];
  assert.equal(all, `${match} -j KUBE-MARK-MASQ`);
});

// nodePortAddresses, localhostNodePorts, family -> what stands between the comment and the jump to KUBE-NODEPORTS.
const TAILS: readonly [readonly string[], boolean, "IPv4" | "IPv6", readonly string[]][] = [
  [[], true, "IPv4", ["-m addrtype --dst-type LOCAL"]],
  [[], false, "IPv4", ["-m addrtype --dst-type LOCAL ! -d 127.0.0.0/8"]],
  [[], true, "IPv6", ["-m addrtype --dst-type LOCAL ! -d ::1"]],
  [["0.0.0.0/0"], true, "IPv4", ["-m addrtype --dst-type LOCAL"]],
  [["fd00::/8"], true, "IPv4", ["-m addrtype --dst-type LOCAL"]],
  [["192.168.0.0/16"], true, "IPv4", ["-d 192.168.0.2"]],
  [["192.168.0.0/16", "127.0.0.0/8"], true, "IPv4", ["-d 192.168.0.2", "-d 127.0.0.1"]],
  [["192.168.0.0/16", "127.0.0.0/8"], false, "IPv4", ["-d 192.168.0.2"]],
  [["primary"], true, "IPv4", ["-d 192.168.0.2"]],
  [["primary"], true, "IPv6", ["-d fd00:192::2"]],
  [["10.0.0.0/8"], true, "IPv4", []],
];

for (const [nodePortAddresses, localhostNodePorts, family, expected] of TAILS) {
  const name = `[${nodePortAddresses}], localhost ${localhostNodePorts}, ${family}`;
  test(`compileIptables ends KUBE-SERVICES with the node ports' addresses: ${name}`, () => {
    const rules = rulesOf(
      { ...SIX, services: [] },
      testConfig({ nodePortAddresses, localhostNodePorts, family }),
    );
    const comment = `-m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain"`;
    assert.deepEqual(
      rules("nat", "KUBE-SERVICES"),
      expected.map((match) => `${comment} ${match} -j KUBE-NODEPORTS`),
    );
  });
}

test("compileIptables counts localhost node ports where nfacct is there", () => {
  const rules = rulesOf(SIX, testConfig({ nfacct: true }))("nat", "KUBE-NODEPORTS");
  assert.deepEqual(
    rules.filter((text) => text.includes("3003")),
    [
      "-m comment --comment ns3/svc3:p80 -m tcp -p tcp -d 127.0.0.0/8 --dport 3003 " +
        "-m nfacct --nfacct-name localhost_nps_accepted_pkts -j KUBE-EXT-X27LE4BHSL4DOUIK",
      "-m comment --comment ns3/svc3:p80 -m tcp -p tcp --dport 3003 -j KUBE-EXT-X27LE4BHSL4DOUIK",
    ],
  );
});

test("compileIptables leaves comments of per-service chains out above the threshold only", () => {
  const commentsOf = (endpoints: number) => {
    const objects = uniformCluster(1, endpoints);
    const config = testConfig({ largeClusterEndpoints: 10 });
    const text = [...loadDocument(compileIptables(buildProxyState(objects, config), config))].join("");
    return text.split("\n").filter((line) => /^-A KUBE-(SVC|SEP)/.test(line) && line.includes("--comment"))
      .length;
  };
  assert.equal(commentsOf(10), 1 + 10 + 20);
  assert.equal(commentsOf(11), 1, "the masquerade rule keeps its comment");
});

test("probabilityText prints 1/n with ten decimals as Go does", () => {
  const expected: readonly [number, string][] = [
    [1, "1.0000000000"],
    [2, "0.5000000000"],
    [3, "0.3333333333"],
    [7, "0.1428571429"],
    [1024, "0.0009765625"],
    [2048, "0.0004882812"],
    [4096, "0.0002441406"],
  ];
  for (const [count, text] of expected) assert.equal(probabilityText(count), text);
});

test("compileIptables gives endpoint i of n the probability 1/(n-i), and the last none", () => {
  const rules = rulesOf(uniformCluster(1, 4), testConfig({ localDetector: { kind: "none" } }));
  const dispatch = rules("nat", "KUBE-SERVICES")[0] ?? "";
  const chain = dispatch.split("-j ")[1] ?? "";
  const texts = rules("nat", chain).map((text) => /--probability (\S+)/.exec(text)?.[1] ?? null);
  assert.deepEqual(texts, ["0.2500000000", "0.3333333333", "0.5000000000", null]);
});
