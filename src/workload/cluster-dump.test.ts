// Dumps of running clusters: what the cluster decided stays as it is.
import assert from "node:assert/strict";
import test from "node:test";
import type { EndpointSlice } from "../api/types.js";
import { sourcePath } from "../base/source-path.js";
import { type BuiltCluster, buildClusterObjects } from "./cluster.js";
import { readDocuments } from "./documents.js";
import { loadInputs } from "./inputs.js";

function load(name: string): BuiltCluster {
  const path = sourcePath(import.meta.url, `../../datasets/${name}`);
  return buildClusterObjects(readDocuments(loadInputs([path], { stdin: null })));
}

function slicesOf(built: BuiltCluster, namespace: string, name: string): EndpointSlice[] {
  return built.objects.endpointSlices.filter(
    ({ metadata }) =>
      metadata.namespace === namespace && metadata.labels?.["kubernetes.io/service-name"] === name,
  );
}

test("buildClusterObjects takes the sample dump as it is", () => {
  const built = load("small-dump.json");
  assert.deepEqual(built.warnings, []);
  assert.deepEqual(built.summary, {
    services: 6,
    endpointSlices: 7,
    endpoints: 11,
    nodes: 3,
    namespaces: 3,
    families: ["IPv4"],
    nodesMadeUp: false,
    clusterIPsMadeUp: 0,
    endpointsMadeUp: 0,
  });
  assert.deepEqual(
    built.objects.services.map(({ spec }) => spec.clusterIP),
    ["10.96.0.1", "10.96.0.10", "10.101.7.20", "10.98.3.4", "10.104.9.9", "10.99.1.1"],
  );
  const [web] = slicesOf(built, "shop", "web");
  assert.deepEqual(web?.endpoints[1], {
    addresses: ["10.244.1.9"],
    conditions: { ready: false, serving: true, terminating: true },
    nodeName: "worker-a",
    zone: "zone-1",
  });
  assert.deepEqual(slicesOf(built, "shop", "idle")[0]?.endpoints, [], "null endpoints are none");
  assert.deepEqual(built.objects.podCIDRs, ["10.244.0.0/16"]);
});

test("buildClusterObjects makes slices of an Endpoints object, ready and not", () => {
  const [slice, ...more] = slicesOf(load("small-dump.json"), "shop", "legacy");
  assert.deepEqual(more, []);
  assert.deepEqual(slice?.ports, [{ name: "", protocol: "TCP", port: 5432 }]);
  assert.deepEqual(slice?.endpoints, [
    { addresses: ["172.20.5.6"], conditions: { ready: true, serving: true, terminating: false } },
    { addresses: ["172.20.5.7"], conditions: { ready: false, serving: false, terminating: false } },
  ]);
});

test("buildClusterObjects makes slices of Pods: by readiness and by the number a port's name has in each", () => {
  const slices = slicesOf(load("small-dump.json"), "shop", "jobs");
  const seen = slices.map(({ ports, endpoints }) => [
    ports?.map(({ port }) => port),
    endpoints.map(({ addresses, conditions, nodeName, zone }) => [
      addresses[0],
      conditions?.ready,
      nodeName,
      zone,
    ]),
  ]);
  assert.deepEqual(seen, [
    [
      [9001],
      [
        ["10.244.1.20", true, "worker-a", "zone-1"],
        ["10.244.2.20", false, "worker-b", "zone-2"],
      ],
    ],
    [[9101], [["10.244.2.21", true, "worker-b", "zone-2"]]],
  ]);
});

test("buildClusterObjects builds the sample shop", () => {
  const built = load("shop");
  assert.deepEqual(built.warnings, ["not read: 1 Namespace"]);
  assert.deepEqual(
    built.objects.services.map(({ metadata, spec }) => [metadata.name, spec.clusterIP]),
    [
      ["gateway", "10.96.0.2"],
      ["catalog", "10.96.0.3"],
      ["cart", "10.96.0.4"],
      ["cart-peers", "None"],
      ["agent", "10.96.0.5"],
      ["payments", undefined],
    ],
  );
  const addresses = (name: string) =>
    slicesOf(built, "shop", name).flatMap(({ endpoints }) => endpoints.map((end) => end.addresses[0]));
  assert.deepEqual(addresses("cart"), addresses("cart-peers"), "two Services share the Pods");
  assert.deepEqual(addresses("agent"), ["192.168.0.10", "192.168.0.11", "192.168.0.12"]);
});

test("buildClusterObjects makes up the nodes that a dump's endpoints name", () => {
  const text = `
apiVersion: v1
kind: Service
metadata: {name: web, uid: u}
spec: {type: LoadBalancer, clusterIP: 172.20.3.4, clusterIPs: [172.20.3.4], ports: [{port: 80}]}
status: {loadBalancer: {}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints:
  - {addresses: [10.0.17.9], nodeName: ip-10-0-17-1, zone: eu-1a}
  - {addresses: [10.0.42.9], nodeName: ip-10-0-42-1, zone: eu-1b}
  - {addresses: [8.8.8.8]}
ports: [{port: 8080}]
`;
  const built = buildClusterObjects(readDocuments([{ file: "f.yaml", text }]));
  assert.deepEqual(
    built.objects.nodes.map(({ metadata }) => [
      metadata.name,
      metadata.labels?.["topology.kubernetes.io/zone"],
    ]),
    [
      ["ip-10-0-17-1", "eu-1a"],
      ["ip-10-0-42-1", "eu-1b"],
    ],
  );
  assert.deepEqual(built.objects.podCIDRs, ["10.0.0.0/18"], "an endpoint on no node is no Pod");
  assert.deepEqual(built.objects.serviceCIDRs, ["172.20.3.4/32"]);
  assert.deepEqual(built.warnings, ["1 LoadBalancer Services have no address yet: default/web"]);
});

test("buildClusterObjects keeps a Pod on the host's network out of the Pod CIDR of a dump without nodes", () => {
  const text = JSON.stringify({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "exporter-1", labels: { "kubernetes.io/service-name": "exporter" } },
    addressType: "IPv4",
    ports: [{ port: 9100 }],
    endpoints: [
      { addresses: ["192.168.1.10"], nodeName: "a" },
      { addresses: ["10.0.1.5"], nodeName: "a" },
      { addresses: ["10.0.2.5"], nodeName: "b" },
    ],
  });
  const built = buildClusterObjects(readDocuments([{ file: "dump.json", text }]));
  assert.deepEqual(built.objects.podCIDRs, ["10.0.0.0/22"]);
});
