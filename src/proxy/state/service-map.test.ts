import assert from "node:assert/strict";
import { test } from "node:test";
import type { Service } from "../../api/types.js";
import { testService } from "../cluster.test-data.js";
import { servicePortsOf } from "./service-map.js";

const only = (service: Service, family: "IPv4" | "IPv6" = "IPv4") => {
  const ports = servicePortsOf(service, family);
  assert.equal(ports.length, 1);
  return ports[0]!;
};

test("servicePortsOf names each port by namespace, name and port name", () => {
  const ports = [
    { name: "http", protocol: "TCP" as const, port: 80, nodePort: 30080 },
    { protocol: "UDP" as const, port: 53 },
  ];
  const found = servicePortsOf(testService("a/b", { clusterIP: "172.30.0.1" }, { ports }), "IPv4");
  assert.deepEqual(
    found.map(({ name, portName, protocol, port, nodePort }) => ({
      name,
      portName,
      protocol,
      port,
      nodePort,
    })),
    [
      { name: "a/b:http", portName: "http", protocol: "TCP", port: 80, nodePort: 30080 },
      { name: "a/b", portName: "", protocol: "UDP", port: 53, nodePort: 0 },
    ],
  );
});

test("servicePortsOf is empty for Services that are not for this proxy", () => {
  const labelled = (label: string): Service => {
    const service = testService("a/b", { clusterIP: "172.30.0.1" });
    return { ...service, metadata: { ...service.metadata, labels: { [label]: "" } } };
  };
  const skipped: readonly Service[] = [
    testService("a/b", { clusterIP: "None" }),
    testService("a/b", { clusterIP: "" }),
    testService("a/b", {}),
    testService("a/b", { clusterIPs: ["None"] }),
    testService("a/b", { type: "ExternalName", externalName: "example.org", clusterIP: "172.30.0.1" }),
    testService("a/b", { clusterIP: "172.30.0.999" }),
    labelled("service.kubernetes.io/service-proxy-name"),
    labelled("service.kubernetes.io/headless"),
  ];
  for (const service of skipped)
    assert.deepEqual(servicePortsOf(service, "IPv4"), [], JSON.stringify(service));
});

test("servicePortsOf takes the addresses of one family", () => {
  const service = testService(
    "a/b",
    {
      clusterIP: "172.30.0.1",
      clusterIPs: ["172.30.0.1", "fd00::1"],
      externalIPs: ["192.0.2.1", "2001:db8::1"],
      loadBalancerSourceRanges: ["203.0.113.0/24", "2001:db8::/32"],
    },
    { vips: ["1.2.3.4", "2001:db8::4"] },
  );
  const four = only(service);
  assert.deepEqual(
    [four.clusterIP, four.externalIPs, four.loadBalancerVIPs, four.loadBalancerSourceRanges],
    ["172.30.0.1", ["192.0.2.1"], ["1.2.3.4"], ["203.0.113.0/24"]],
  );
  const six = only(service, "IPv6");
  assert.deepEqual(
    [six.clusterIP, six.externalIPs, six.loadBalancerVIPs, six.loadBalancerSourceRanges],
    ["fd00::1", ["2001:db8::1"], ["2001:db8::4"], ["2001:db8::/32"]],
  );
  assert.deepEqual(servicePortsOf(testService("a/b", { clusterIP: "172.30.0.1" }), "IPv6"), []);
});

test("servicePortsOf prints addresses canonically and drops bad ones", () => {
  const port = only(
    testService(
      "a/b",
      {
        clusterIP: "172.30.0.041",
        externalIPs: ["192.168.099.022", "nonsense"],
        loadBalancerSourceRanges: [" 203.0.113.000/025 ", "203.0.113.1", "not/a/range", "10.0.0.0/40"],
      },
      { vips: ["1.2.3.004", "1.2.3"] },
    ),
  );
  assert.equal(port.clusterIP, "172.30.0.41");
  assert.deepEqual(port.externalIPs, ["192.168.99.22"]);
  assert.deepEqual(port.loadBalancerVIPs, ["1.2.3.4"]);
  assert.deepEqual(port.loadBalancerSourceRanges, ["203.0.113.0/25"]);
});

test("servicePortsOf reads a source range that holds every address as no restriction, per family", () => {
  const spec = { clusterIPs: ["172.30.0.1", "fd00::1"], loadBalancerSourceRanges: ["10.0.0.0/8", "::/0"] };
  const rangesIn = (family: "IPv4" | "IPv6", loadBalancerSourceRanges = spec.loadBalancerSourceRanges) =>
    servicePortsOf(testService("a/b", { ...spec, loadBalancerSourceRanges }), family)[0]
      ?.loadBalancerSourceRanges;
  assert.deepEqual(rangesIn("IPv4"), ["10.0.0.0/8"]);
  assert.deepEqual(rangesIn("IPv6"), []);
  assert.deepEqual(rangesIn("IPv4", ["10.0.0.0/8", "0.0.0.0/0", "192.168.0.0/16"]), []);
});

test("servicePortsOf leaves out load-balancer addresses that are proxied elsewhere", () => {
  const service = testService("a/b", { clusterIP: "172.30.0.1" });
  const ingress = [
    { ip: "1.2.3.4", ipMode: "Proxy" as const },
    { ip: "1.2.3.5", ipMode: "VIP" as const },
    { ip: "1.2.3.6" },
  ];
  assert.deepEqual(only({ ...service, status: { loadBalancer: { ingress } } }).loadBalancerVIPs, [
    "1.2.3.5",
    "1.2.3.6",
  ]);
});

test("servicePortsOf reads affinity, policies and the health check port", () => {
  const plain = only(
    testService("a/b", { clusterIP: "172.30.0.1", externalTrafficPolicy: "Local", healthCheckNodePort: 1 }),
  );
  assert.deepEqual(
    [plain.affinitySeconds, plain.externalPolicyLocal, plain.internalPolicyLocal, plain.healthCheckNodePort],
    [0, false, false, 0],
  );
  const rich = only(
    testService("a/b", {
      type: "LoadBalancer",
      clusterIP: "172.30.0.1",
      externalTrafficPolicy: "Local",
      internalTrafficPolicy: "Local",
      healthCheckNodePort: 32000,
      sessionAffinity: "ClientIP",
    }),
  );
  assert.deepEqual(
    [rich.affinitySeconds, rich.externalPolicyLocal, rich.internalPolicyLocal, rich.healthCheckNodePort],
    [10_800, true, true, 32_000],
  );
  const config = { clientIP: { timeoutSeconds: 60 } };
  const timed = testService("a/b", {
    clusterIP: "172.30.0.1",
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: config,
  });
  assert.equal(only(timed).affinitySeconds, 60);
});
