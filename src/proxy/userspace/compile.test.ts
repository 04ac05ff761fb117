import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterObjects } from "../../api/types.js";
import { PlumbError } from "../../base/errors.js";
import { printRule } from "../../netfilter/iptables/text.js";
import type { UserspaceModel } from "../../netfilter/rule-model.js";
import type { ProxyConfig } from "../config.js";
import { buildProxyState } from "../state/build-state.js";
import { testConfig, testEndpoint, testService, testSlice, uniformCluster } from "../cluster.test-data.js";
import { compileUserspace } from "./compile.js";
import { PROXY_PORTS_MAX } from "./proxy-ports.js";

function compiled(objects: Partial<ClusterObjects>, overrides: Partial<ProxyConfig> = {}): UserspaceModel {
  const config = testConfig({ mode: "userspace", ...overrides });
  const all = { services: [], endpointSlices: [], nodes: [], ...objects };
  return compileUserspace(buildProxyState(all, config), config);
}

/** Rules of all chains without those that only lead to them. */
function rulesOf(model: UserspaceModel, table: "nat" | "filter"): string[] {
  const chains = [...(model.ruleset.tables.get(table)?.chains.values() ?? [])];
  return chains.flatMap(({ name, rules }) => rules.map((rule) => printRule(name, rule)));
}

const userspacePort = (firstProxyPort: number) => ({ userspace: { firstProxyPort, hostIP: "192.168.0.2" } });

test("compileUserspace writes the jumps: portals first, node ports last", () => {
  const model = compiled({});
  assert.deepEqual(rulesOf(model, "nat"), [
    `-A PREROUTING -m comment --comment "handle ClusterIPs; NOTE: this must be before the NodePort rules" -j KUBE-PORTALS-CONTAINER`,
    `-A PREROUTING -m addrtype --dst-type LOCAL -m comment --comment "handle service NodePorts; NOTE: this must be the last rule in the chain" -j KUBE-NODEPORT-CONTAINER`,
    `-A OUTPUT -m comment --comment "handle ClusterIPs; NOTE: this must be before the NodePort rules" -j KUBE-PORTALS-HOST`,
    `-A OUTPUT -m addrtype --dst-type LOCAL -m comment --comment "handle service NodePorts; NOTE: this must be the last rule in the chain" -j KUBE-NODEPORT-HOST`,
  ]);
  assert.deepEqual(rulesOf(model, "filter"), [
    `-A INPUT -m comment --comment "Ensure that non-local NodePort traffic can flow" -j KUBE-NODEPORT-NON-LOCAL`,
  ]);
});

test("compileUserspace writes 2 rules per cluster IP and VIP, 3 per external IP and node port", () => {
  const spec = { type: "LoadBalancer", clusterIP: "172.30.0.1", externalIPs: ["192.0.2.1"] } as const;
  const ports = [{ name: "p80", protocol: "TCP" as const, port: 80, nodePort: 30080 }];
  const model = compiled(
    { services: [testService("a/b", spec, { ports, vips: ["1.2.3.4"] })] },
    userspacePort(5000),
  );
  const match = (ip: string) => `-m comment --comment a/b:p80 -m tcp -p tcp -d ${ip} --dport 80`;
  assert.deepEqual(
    rulesOf(model, "nat").filter((text) => text.includes("a/b")),
    [
      `-A KUBE-PORTALS-CONTAINER ${match("172.30.0.1")} -j REDIRECT --to-ports 5000`,
      `-A KUBE-PORTALS-CONTAINER ${match("192.0.2.1")} -m physdev ! --physdev-is-in -j REDIRECT --to-ports 5000`,
      `-A KUBE-PORTALS-CONTAINER ${match("192.0.2.1")} -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 5000`,
      `-A KUBE-PORTALS-CONTAINER ${match("1.2.3.4")} -j REDIRECT --to-ports 5000`,
      `-A KUBE-PORTALS-HOST ${match("172.30.0.1")} -j DNAT --to-destination 192.168.0.2:5000`,
      `-A KUBE-PORTALS-HOST ${match("192.0.2.1")} -m addrtype --dst-type LOCAL -j DNAT --to-destination 192.168.0.2:5000`,
      `-A KUBE-PORTALS-HOST ${match("1.2.3.4")} -j DNAT --to-destination 192.168.0.2:5000`,
      "-A KUBE-NODEPORT-HOST -m comment --comment a/b:p80 -m tcp -p tcp --dport 30080 -j DNAT --to-destination 192.168.0.2:5000",
      "-A KUBE-NODEPORT-CONTAINER -m comment --comment a/b:p80 -m tcp -p tcp --dport 30080 -j REDIRECT --to-ports 5000",
    ],
  );
  assert.deepEqual(rulesOf(model, "filter").slice(1), [
    "-A KUBE-NODEPORT-NON-LOCAL -m comment --comment a/b:p80 -m tcp -p tcp --dport 5000 -m state --state NEW -j ACCEPT",
  ]);
});

test("compileUserspace gives listeners the ready endpoints, shuffled by the seed, whatever policies say", () => {
  const addresses = Array.from({ length: 20 }, (_, index) => `10.0.0.${index + 1}@node-${index % 2}`);
  const gone = testEndpoint("10.0.1.1", { conditions: { ready: false, serving: true, terminating: true } });
  const service = testService("a/b", {
    clusterIP: "172.30.0.1",
    internalTrafficPolicy: "Local",
    sessionAffinity: "ClientIP",
  });
  const objects = { services: [service], endpointSlices: [testSlice("a/b", [...addresses, gone])] };
  const [first, again, other] = [1, 1, 2].map((seed) => compiled(objects, { seed }).listeners[0]!);
  assert.equal(first?.servicePort, "a/b:p80");
  assert.equal(first?.affinitySeconds, 10_800);
  assert.deepEqual(first, again);
  assert.notDeepEqual(first?.backends, other?.backends);
  const sorted = first?.backends.map(({ ip }) => ip).toSorted();
  assert.deepEqual(sorted, addresses.map((address) => address.split("@")[0]).toSorted());
});

test("compileUserspace counts ports up per protocol, steps over node ports, wraps, and skips SCTP", () => {
  const ports = (protocol: "TCP" | "UDP" | "SCTP", nodePort = 0) => [
    { name: "x", protocol, port: 80, nodePort },
  ];
  const services = [
    testService("a/a", { clusterIP: "172.30.0.1" }, { ports: ports("TCP") }),
    testService("a/b", { clusterIP: "172.30.0.2" }, { ports: ports("UDP") }),
    testService("a/c", { clusterIP: "172.30.0.3" }, { ports: ports("SCTP") }),
    testService("a/d", { clusterIP: "172.30.0.4" }, { ports: ports("TCP", 65_534) }),
    testService("a/e", { clusterIP: "172.30.0.5" }, { ports: ports("TCP") }),
  ];
  const { listeners } = compiled({ services }, userspacePort(65_533));
  assert.deepEqual(
    listeners.map(({ protocol, port }) => `${protocol} ${port}`),
    ["tcp 65533", "udp 65533", "tcp 65535", "tcp 1024"],
  );
});

test("compileUserspace refuses more service ports than a node has ports", () => {
  assert.equal(compiled(uniformCluster(PROXY_PORTS_MAX, 0)).listeners.length, 64_512);
  assert.throws(
    () => compiled(uniformCluster(PROXY_PORTS_MAX + 1, 0)),
    (error) =>
      error instanceof PlumbError &&
      error.code === "LimitExceeded" &&
      /64513 service ports/.test(error.message),
  );
});
