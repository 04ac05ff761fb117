import assert from "node:assert/strict";
import { test } from "node:test";
import { podDnsConfig, resolvConf } from "./dns-config.js";
import type { PodSpec } from "./pod.js";

const CLUSTER = { servers: ["10.96.0.10"], domain: "cluster.local" };
const OF_CLUSTER = `search shop.svc.cluster.local svc.cluster.local cluster.local
nameserver 10.96.0.10
options ndots:5
`;
const OF_NODE = "nameserver 192.0.2.53\n";

const POLICIES: readonly [spec: Omit<PodSpec, "containers">, text: string][] = [
  [{}, OF_CLUSTER],
  [{ dnsPolicy: "ClusterFirst" }, OF_CLUSTER],
  [{ dnsPolicy: "ClusterFirst", hostNetwork: true }, OF_NODE],
  [{ dnsPolicy: "ClusterFirstWithHostNet", hostNetwork: true }, OF_CLUSTER],
  [{ dnsPolicy: "Default" }, OF_NODE],
  [{ dnsPolicy: "None" }, ""],
  [
    { dnsPolicy: "None", dnsConfig: { nameservers: ["9.9.9.9"], searches: ["a.example"] } },
    "search a.example\nnameserver 9.9.9.9\n",
  ],
  [
    {
      dnsConfig: {
        nameservers: ["9.9.9.9", "10.96.0.10"],
        searches: ["cluster.local", "a.example"],
        options: [{ name: "ndots", value: "2" }, { name: "edns0" }],
      },
    },
    `search shop.svc.cluster.local svc.cluster.local cluster.local a.example
nameserver 10.96.0.10
nameserver 9.9.9.9
options ndots:2 edns0
`,
  ],
];

test("resolvConf of a Pod is its dnsPolicy's, with what its dnsConfig adds", () => {
  for (const [spec, text] of POLICIES) {
    const config = podDnsConfig("shop", { containers: [], ...spec }, CLUSTER);
    assert.equal(resolvConf(config), text, JSON.stringify(spec));
  }
});

test("podDnsConfig falls back to the node's where there is no name server of the cluster", () => {
  const none = { ...CLUSTER, servers: [] };
  assert.equal(resolvConf(podDnsConfig("shop", { containers: [] }, none)), OF_NODE);
});

test("podDnsConfig keeps what resolvers can take: 3 servers, 32 domains, 2048 characters", () => {
  const nameservers = ["1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4"];
  const domain = (index: number) => `${"x".repeat(60)}.${index}.example`;
  const searches = Array.from({ length: 40 }, (_, index) => domain(index));
  const spec: PodSpec = { containers: [], dnsPolicy: "None", dnsConfig: { nameservers, searches } };
  const config = podDnsConfig("shop", spec, CLUSTER);
  assert.deepEqual(config.servers, nameservers.slice(0, 3));
  assert.ok(config.searches.join(" ").length <= 2048);
  assert.deepEqual(config.searches, searches.slice(0, config.searches.length));
  assert.ok(config.searches.length > 25);
});
