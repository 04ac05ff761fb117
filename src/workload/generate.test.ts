import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { cidrContains, familyOf, knownCidr } from "../base/ip.js";
import { generateCluster } from "./generate.js";
import { defaultGenerateSpec, type GenerateSpec } from "./generate-spec.js";
import { clusterIPsOf } from "./traffic-targets.js";

/** Every feature at once. */
const RICH: GenerateSpec = {
  ...defaultGenerateSpec,
  services: 2000,
  nodes: 5,
  families: "dual",
  types: { ClusterIP: 5, NodePort: 2, LoadBalancer: 2, headless: 0.5, ExternalName: 0.5 },
  ports: { min: 1, max: 3 },
  protocols: { TCP: 8, UDP: 1, SCTP: 1 },
  endpoints: { kind: "zipf", mean: 4, max: 50 },
  withoutEndpointsShare: 0.1,
  terminatingShare: 0.1,
  notReadyShare: 0.05,
  affinityShare: 0.2,
  internalLocalShare: 0.1,
  externalLocalShare: 0.4,
  sourceRangesShare: 0.3,
  externalIPsShare: 0.1,
  topologyHintsShare: 0.25,
};

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}

/** The share of `items` that hold is within four standard deviations of a binomial share. */
function closeShare<T>(
  items: readonly T[],
  what: string,
  expected: number,
  holds: (item: T) => boolean,
): void {
  const actual = items.filter(holds).length / items.length;
  const tolerance = 4 * Math.sqrt((expected * (1 - expected)) / items.length) + 1e-9;
  assert.ok(
    Math.abs(actual - expected) <= tolerance,
    `${what}: ${actual}, expected ${expected} (seed ${RICH.seed})`,
  );
}

test("generateCluster gives the same bytes for the same seed, on every machine", () => {
  assert.equal(digest(generateCluster(defaultGenerateSpec)), "fb3a2ef8dde70e74");
  assert.equal(digest(generateCluster(RICH)), "81e33ac292fdada3");
  assert.notEqual(digest(generateCluster({ ...RICH, seed: 43 })), digest(generateCluster(RICH)));
});

test("generateCluster makes plain Services by default", () => {
  const { services, endpointSlices, nodes, podCIDRs, serviceCIDRs } = generateCluster(defaultGenerateSpec);
  assert.deepEqual([services.length, endpointSlices.length, nodes.length], [100, 100, 3]);
  assert.ok(endpointSlices.every(({ endpoints }) => endpoints.length === 4));
  assert.deepEqual([podCIDRs, serviceCIDRs], [["10.244.0.0/16"], ["10.96.0.0/12"]]);
  assert.equal(services[0]?.metadata.name, "svc-001");
});

test("generateCluster keeps shares within tolerance", () => {
  const { services, endpointSlices } = generateCluster(RICH);
  closeShare(services, "NodePort", 0.2, ({ spec }) => spec.type === "NodePort");
  closeShare(services, "headless", 0.05, ({ spec }) => spec.clusterIP === "None");
  closeShare(services, "ExternalName", 0.05, ({ spec }) => spec.type === "ExternalName");
  const proxied = services.filter((service) => clusterIPsOf(service).length > 0);
  closeShare(proxied, "affinity", 0.2, ({ spec }) => spec.sessionAffinity === "ClientIP");
  closeShare(proxied, "internal Local", 0.1, ({ spec }) => spec.internalTrafficPolicy === "Local");
  closeShare(proxied, "external IPs", 0.1, ({ spec }) => (spec.externalIPs ?? []).length > 0);
  const balanced = services.filter(({ spec }) => spec.type === "LoadBalancer");
  closeShare(balanced, "external Local", 0.4, ({ spec }) => spec.externalTrafficPolicy === "Local");
  closeShare(balanced, "source ranges", 0.3, ({ spec }) => spec.loadBalancerSourceRanges !== undefined);
  const ports = services.flatMap(({ spec }) => spec.ports ?? []);
  closeShare(ports, "UDP", 0.1, ({ protocol }) => protocol === "UDP");
  // The slices of the second family hold the same endpoints again.
  const ends = endpointSlices
    .filter(({ addressType }) => addressType === "IPv4")
    .flatMap(({ endpoints }) => endpoints);
  closeShare(ends, "terminating", 0.1, ({ conditions }) => conditions?.terminating === true);
  closeShare(ends, "not ready", 0.05, ({ conditions }) => conditions?.serving === false);
});

test("generateCluster keeps what belongs together together", () => {
  const { services, endpointSlices, nodes, podCIDRs, serviceCIDRs } = generateCluster(RICH);
  const pods = podCIDRs.map(knownCidr);
  const clusterIPs = services.flatMap(clusterIPsOf);
  assert.equal(new Set(clusterIPs).size, clusterIPs.length);
  assert.ok(clusterIPs.every((ip) => serviceCIDRs.some((cidr) => cidrContains(knownCidr(cidr), ip))));
  const zones = new Map(
    nodes.map(({ metadata }) => [metadata.name, metadata.labels?.["topology.kubernetes.io/zone"]]),
  );
  const seen = new Set<string>();
  for (const { addressType, endpoints } of endpointSlices) {
    assert.ok(endpoints.length <= 100);
    for (const { addresses, nodeName = "", zone, hints } of endpoints) {
      const ip = addresses[0] ?? "";
      assert.equal(familyOf(ip), addressType);
      assert.ok(pods.some((cidr) => cidrContains(cidr, ip)));
      assert.ok(!seen.has(ip), `${ip} is one Pod's`);
      seen.add(ip);
      assert.equal(zone, zones.get(nodeName));
      if (hints !== undefined) assert.deepEqual(hints.forZones, [{ name: zone }]);
    }
  }
  for (const { spec, status } of services) {
    const wantsCheck = spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";
    assert.equal(spec.healthCheckNodePort !== undefined, wantsCheck);
    assert.equal((status?.loadBalancer?.ingress ?? []).length, spec.type === "LoadBalancer" ? 2 : 0);
  }
});

test("generateCluster leaves all other draws alone when a feature is turned on", () => {
  const base: GenerateSpec = {
    ...RICH,
    affinityShare: 0,
    topologyHintsShare: 0,
    terminatingShare: 0,
    internalLocalShare: 0,
  };
  const strip = (spec: GenerateSpec) => {
    const { services, endpointSlices } = generateCluster(spec);
    return digest([
      services.map(
        ({ spec: { sessionAffinity: _, sessionAffinityConfig: __, internalTrafficPolicy: ___, ...rest } }) =>
          rest,
      ),
      endpointSlices.map(({ endpoints }) =>
        endpoints.map(({ addresses, nodeName }) => [addresses, nodeName]),
      ),
    ]);
  };
  const plain = strip(base);
  for (const change of [
    { affinityShare: 0.7 },
    { topologyHintsShare: 1 },
    { terminatingShare: 0.5 },
    { internalLocalShare: 0.9 },
  ]) {
    assert.equal(strip({ ...base, ...change }), plain, Object.keys(change).join());
  }
});

test("generateCluster draws endpoints per Service as the distribution has it", () => {
  const counts = (endpoints: GenerateSpec["endpoints"]) => {
    const spec = { ...defaultGenerateSpec, services: 4000, nodes: 50, endpoints };
    const perService = new Map<string, number>();
    for (const { metadata, endpoints: ends } of generateCluster(spec).endpointSlices) {
      const name = `${metadata.namespace}/${metadata.labels?.["kubernetes.io/service-name"]}`;
      perService.set(name, (perService.get(name) ?? 0) + ends.length);
    }
    return [...perService.values()];
  };
  const zipf = counts({ kind: "zipf", mean: 6, max: 200 });
  const mean = zipf.reduce((sum, count) => sum + count, 0) / 4000;
  assert.ok(Math.abs(mean - 6) < 0.9, `mean ${mean} of zipf, seed ${defaultGenerateSpec.seed}`);
  assert.ok(Math.max(...zipf) > 100 && Math.max(...zipf) <= 200);
  const cl2 = counts({ kind: "cl2" });
  assert.deepEqual(
    [...new Set(cl2)].sort((a, b) => a - b),
    [5, 30, 250],
  );
  closeShare(cl2, "small groups", 0.9146, (count) => count === 5);
  closeShare(cl2, "big groups", 0.00915, (count) => count === 250);
});

test("generateCluster numbers more Pods from larger ranges, in either family", () => {
  const many = { ...defaultGenerateSpec, services: 200, endpoints: { kind: "fixed", count: 10 } } as const;
  assert.deepEqual(generateCluster({ ...many, nodes: 300 }).podCIDRs, ["10.128.0.0/9"]);
  assert.deepEqual(generateCluster(many).podCIDRs, ["10.128.0.0/9"]);
  assert.deepEqual(generateCluster({ ...many, families: "IPv6" }).podCIDRs, ["fd00:10:244::/56"]);
  assert.deepEqual(generateCluster({ ...many, nodes: 300, families: "IPv6" }).podCIDRs, ["fd00:10:128::/48"]);
});

test("generateCluster refuses a spec out of range, naming every field", () => {
  const wrong = { ...defaultGenerateSpec, services: 0, affinityShare: 1.5, ports: { min: 2, max: 1 } };
  assert.throws(
    () => generateCluster(wrong),
    (error: Error) =>
      error.message ===
      "Cannot generate cluster: services is 0, expected 1..1000000; affinityShare is 1.5, expected 0..1; ports.max is 1, expected 2..100",
  );
  assert.throws(
    () => generateCluster({ ...defaultGenerateSpec, endpoints: { kind: "zipf", mean: 20, max: 10 } }),
    /endpoints.mean is 20, expected 1..10/,
  );
  assert.throws(
    () => generateCluster({ ...defaultGenerateSpec, protocols: { TCP: 0, UDP: 0, SCTP: 0 } }),
    /protocols has no weight above 0/,
  );
});
