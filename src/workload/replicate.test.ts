import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { sourcePath } from "../base/source-path.js";
import { buildClusterObjects } from "./cluster.js";
import type { AddressedObjects } from "./cluster-parts.js";
import { readDocuments } from "./documents.js";
import { generateCluster } from "./generate.js";
import { defaultGenerateSpec } from "./generate-spec.js";
import { loadInputs } from "./inputs.js";
import { replicate } from "./replicate.js";
import { clusterIPsOf } from "./traffic-targets.js";

const MIXED: AddressedObjects = generateCluster({
  ...defaultGenerateSpec,
  services: 60,
  families: "dual",
  types: { ClusterIP: 4, NodePort: 1, LoadBalancer: 1, headless: 1, ExternalName: 1 },
  ports: { min: 1, max: 3 },
  externalIPsShare: 0.3,
  externalLocalShare: 0.5,
});

function allDiffer(values: readonly (string | number)[], what: string): void {
  assert.equal(new Set(values).size, values.length, `every ${what} has one owner`);
}

function addressesOf(objects: AddressedObjects): string[] {
  return objects.endpointSlices.flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses));
}

test("replicate gives every tile addresses and ports of its own", () => {
  const { objects } = replicate(MIXED, 9);
  assert.equal(objects.services.length, 60 * 9);
  assert.equal(objects.endpointSlices.length, MIXED.endpointSlices.length * 9);
  allDiffer(objects.services.flatMap(clusterIPsOf), "cluster IP");
  allDiffer(
    objects.services.flatMap(({ spec }) => spec.externalIPs ?? []),
    "external IP",
  );
  allDiffer(
    objects.services.flatMap(({ status }) => (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? "")),
    "VIP",
  );
  allDiffer(
    objects.services.flatMap(({ spec }) =>
      [...(spec.ports ?? []), { nodePort: spec.healthCheckNodePort }].flatMap(
        ({ nodePort }) => nodePort ?? [],
      ),
    ),
    "node port",
  );
  allDiffer(
    objects.services.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    "Service name",
  );
  allDiffer(
    objects.endpointSlices.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    "slice name",
  );
  allDiffer(addressesOf(objects), "Pod address");
});

test("replicate keeps the shape of each tile", () => {
  const { objects } = replicate(MIXED, 3);
  const shape = (start: number) =>
    objects.services
      .slice(start, start + 60)
      .map(({ spec }) => [spec.type, spec.ports?.length, spec.sessionAffinity]);
  assert.deepEqual(shape(60), shape(0));
  assert.deepEqual(shape(120), shape(0));
  assert.equal(objects.services[60]?.metadata.namespace, `${MIXED.services[0]?.metadata.namespace}-r2`);
});

test("replicate leaves the first tile as it was while the nodes have room", () => {
  const { objects, warnings } = replicate(MIXED, 2);
  assert.deepEqual(objects.services.slice(0, 60), MIXED.services);
  assert.deepEqual(objects.endpointSlices.slice(0, MIXED.endpointSlices.length), MIXED.endpointSlices);
  assert.deepEqual(objects.nodes, MIXED.nodes);
  assert.deepEqual(objects.podCIDRs, MIXED.podCIDRs);
  assert.deepEqual(warnings, []);
});

test("replicate numbers Pods anew from a larger range when the nodes have no room", () => {
  const { objects, warnings } = replicate(MIXED, 9);
  assert.deepEqual(objects.podCIDRs, ["10.128.0.0/9", "fd00:10:244::/56"]);
  assert.match(warnings[0] ?? "", /IPv4 Pods were numbered anew from 10\.128\.0\.0\/9/);
  assert.ok(addressesOf(objects).every((ip) => /^(10\.1[3-9]\d|10\.12[89]|10\.2\d\d|fd00:10:244:)/.test(ip)));
  assert.match(objects.nodes[2]?.spec?.podCIDR ?? "", /^10\./);
  assert.equal(objects.nodes[2]?.spec?.podCIDRs?.length, 2);
});

test("replicate lets two Services of one tile share their Pods, and nodes stay themselves", () => {
  const path = sourcePath(import.meta.url, "../../datasets/shop");
  const shop = buildClusterObjects(readDocuments(loadInputs([path], { stdin: null }))).objects;
  const { objects } = replicate(shop, 3);
  const inTile = (name: string) =>
    objects.endpointSlices
      .filter(
        ({ metadata }) =>
          metadata.namespace === "shop-r3" && metadata.labels?.["kubernetes.io/service-name"] === name,
      )
      .flatMap(({ endpoints }) => endpoints.map(({ addresses }) => addresses[0]));
  assert.deepEqual(inTile("cart"), inTile("cart-peers"));
  assert.notDeepEqual(inTile("cart"), inTile("catalog").slice(0, 2));
  assert.deepEqual(inTile("agent"), ["192.168.0.10", "192.168.0.11", "192.168.0.12"]);
  assert.deepEqual(objects.nodes, shop.nodes);
});

test("replicate goes beyond the default node ports with a warning, then leaves them out with another", () => {
  const ports = generateCluster({
    ...defaultGenerateSpec,
    services: 1000,
    types: { ClusterIP: 0, NodePort: 1, LoadBalancer: 0, headless: 0, ExternalName: 0 },
    endpoints: { kind: "fixed", count: 0 },
  });
  const portCount = (objects: AddressedObjects) =>
    objects.services.flatMap(({ spec }) => spec.ports ?? []).filter(({ nodePort }) => nodePort !== undefined)
      .length;
  const beyond = replicate(ports, 3);
  assert.deepEqual(beyond.warnings, [
    "232 node ports lie outside 30000-32767: a cluster needs a wider --service-node-port-range for them",
  ]);
  assert.equal(portCount(beyond.objects), 3000);
  const exhausted = replicate(ports, 70);
  assert.equal(portCount(exhausted.objects), 64_512);
  assert.equal(exhausted.warnings[1], "5488 node ports were left out: all of 1024-65535 are in use");
});

test("replicate finds names that no namespace has", () => {
  const taken: AddressedObjects = {
    ...MIXED,
    services: MIXED.services.map((service, index) => ({
      ...service,
      metadata: { ...service.metadata, namespace: index % 2 === 0 ? "x" : "x-r2" },
    })),
  };
  const { objects } = replicate(taken, 2);
  allDiffer(
    objects.services.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    "Service name",
  );
  assert.equal(objects.services[60]?.metadata.namespace, "x-rr2");
});

test("replicate gives the same bytes every time", () => {
  const digest = () =>
    createHash("sha256")
      .update(JSON.stringify(replicate(MIXED, 4)))
      .digest("hex");
  assert.equal(digest(), digest());
});

test("replicate refuses what cannot be", () => {
  assert.throws(() => replicate(MIXED, 0), /Cannot replicate 0 times: expected a whole number of at least 1/);
  assert.throws(() => replicate(MIXED, 1.5), /Cannot replicate 1.5 times/);
  assert.throws(
    () => replicate(MIXED, 1_000_000),
    /60 Services 1000000 times: 60000000 Services, limit 1000000/,
  );
  assert.equal(replicate(MIXED, 1).objects, MIXED);
});
