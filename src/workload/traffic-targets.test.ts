import assert from "node:assert/strict";
import test from "node:test";
import type { ClusterObjects, Service, ServiceSpec } from "../api/types.js";
import { isProxied, trafficTargets } from "./traffic-targets.js";

function service(name: string, spec: ServiceSpec, more: Partial<Service> = {}): Service {
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "ns" }, spec, ...more };
}

const SERVICES: readonly Service[] = [
  service(
    "b",
    {
      type: "LoadBalancer",
      clusterIPs: ["10.96.0.010", "fd00::10"],
      externalIPs: ["192.0.2.1", "2001:db8::1"],
      ports: [
        { name: "http", port: 80, nodePort: 30080 },
        { name: "dns", port: 53, protocol: "UDP" },
      ],
    },
    {
      status: { loadBalancer: { ingress: [{ ip: "203.0.113.1" }, { ip: "203.0.113.2", ipMode: "Proxy" }] } },
    },
  ),
  service("a", { clusterIP: "10.96.0.11", ports: [{ port: 80 }] }),
  service("headless", { clusterIP: "None", ports: [{ port: 80 }] }),
  service("elsewhere", { type: "ExternalName", externalName: "x.example", ports: [{ port: 80 }] }),
];

function objects(services: readonly Service[]): ClusterObjects {
  return { services, endpointSlices: [], nodes: [] };
}

function texts(...args: Parameters<typeof trafficTargets>): string[] {
  return trafficTargets(...args).map(
    ({ kind, ip, port, protocol, service: name }) => `${kind} ${ip} ${port}/${protocol} ${name}`,
  );
}

test("trafficTargets lists addresses per port and node ports last, of one family", () => {
  assert.deepEqual(texts(objects(SERVICES), "IPv4", ["192.168.0.10", "fd00::a"]), [
    "cluster-ip 10.96.0.10 80/TCP ns/b:http",
    "external-ip 192.0.2.1 80/TCP ns/b:http",
    "load-balancer 203.0.113.1 80/TCP ns/b:http",
    "cluster-ip 10.96.0.10 53/UDP ns/b:dns",
    "external-ip 192.0.2.1 53/UDP ns/b:dns",
    "load-balancer 203.0.113.1 53/UDP ns/b:dns",
    "cluster-ip 10.96.0.11 80/TCP ns/a",
    "node-port 192.168.0.10 30080/TCP ns/b:http",
  ]);
  assert.deepEqual(texts(objects(SERVICES), "IPv6", ["192.168.0.10"]), [
    "cluster-ip fd00::10 80/TCP ns/b:http",
    "external-ip 2001:db8::1 80/TCP ns/b:http",
    "cluster-ip fd00::10 53/UDP ns/b:dns",
    "external-ip 2001:db8::1 53/UDP ns/b:dns",
  ]);
});

test("trafficTargets sorts by name when asked to", () => {
  const names = trafficTargets(objects(SERVICES), "IPv4", [], "sorted").map(({ service: name }) => name);
  assert.deepEqual([...new Set(names)], ["ns/a", "ns/b:dns", "ns/b:http"]);
});

test("isProxied leaves out Services without a cluster IP and those of another proxy", () => {
  assert.deepEqual(SERVICES.map(isProxied), [true, true, false, false]);
  for (const label of ["service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless"]) {
    const metadata = { name: "x", labels: { [label]: "" } };
    assert.equal(isProxied(service("x", { clusterIP: "10.96.0.1" }, { metadata })), false);
  }
  assert.equal(isProxied(service("x", { clusterIP: "" })), false);
});
