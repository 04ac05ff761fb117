import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultProxyConfig } from "./default-config.js";
import { TEST_NODE } from "./cluster.test-data.js";

test("defaultProxyConfig has KubeProxyConfiguration's defaults", () => {
  const config = defaultProxyConfig("iptables", "IPv4", TEST_NODE);
  assert.deepEqual(
    [
      config.masqueradeBit,
      config.masqueradeAll,
      config.localhostNodePorts,
      config.largeClusterEndpoints,
      config.nfacct,
    ],
    [14, false, true, 1000, false],
  );
  assert.deepEqual(config.ipvs, { scheduler: "rr", strictARP: false, excludeCIDRs: [] });
});

test("defaultProxyConfig detects local Pods by the cluster's CIDRs where they are known", () => {
  const detector = (clusterCIDRs: readonly string[]) =>
    defaultProxyConfig("iptables", "IPv4", TEST_NODE, { clusterCIDRs }).localDetector;
  assert.deepEqual(detector([]), { kind: "none" });
  assert.deepEqual(detector(["10.0.0.0/8"]), { kind: "cidr", cidrs: ["10.0.0.0/8"] });
});

test("defaultProxyConfig sends host rules to the node's primary address of the family", () => {
  const hostIP = (family: "IPv4" | "IPv6", addresses: readonly string[]) =>
    defaultProxyConfig("userspace", family, { ...TEST_NODE, addresses }).userspace.hostIP;
  assert.equal(hostIP("IPv4", TEST_NODE.addresses), "192.168.0.2");
  assert.equal(hostIP("IPv6", TEST_NODE.addresses), "fd00:192::2");
  assert.equal(hostIP("IPv4", []), "127.0.0.1");
  assert.equal(hostIP("IPv6", []), "::1");
});
