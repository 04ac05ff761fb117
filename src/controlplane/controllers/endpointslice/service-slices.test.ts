import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice, Service, SliceEndpoint } from "../../client/cluster-resources.js";
import type { Node, Pod } from "../../client/object-types.js";
import { packSlices } from "./pack-slices.js";
import { planSlices, type ServiceState } from "./service-slices.js";
import { autoZones, cpuSharesByZone } from "./topology-hints.js";

function service(spec: object = {}, metadata: object = {}): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "default", uid: "s1", labels: { app: "web" }, ...metadata },
    spec: {
      clusterIP: "10.96.0.1",
      ipFamilies: ["IPv4"],
      selector: { app: "web" },
      ports: [{ name: "http", port: 80, targetPort: "http" }],
      ...spec,
    },
  } as Service;
}

function pod(index: number, more: { spec?: object; status?: object; metadata?: object } = {}): Pod {
  const ready = { type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `web-${index}`, namespace: "default", uid: `p${index}`, ...more.metadata },
    spec: {
      nodeName: "node-1",
      containers: [{ name: "main", ports: [{ name: "http", containerPort: 8080 }] }],
      ...more.spec,
    },
    status: {
      phase: "Running",
      podIP: `10.244.0.${index}`,
      podIPs: [{ ip: `10.244.0.${index}` }],
      conditions: [ready],
      ...more.status,
    },
  } as unknown as Pod;
}

const NODE = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "node-1", labels: { "topology.kubernetes.io/zone": "a" } },
} as Node;

function state(more: Partial<ServiceState>): ServiceState {
  return {
    service: service(),
    pods: [],
    nodeOf: (name) => (name === "node-1" ? NODE : undefined),
    slices: [],
    endpointsMax: 100,
    cpuShares: () => null,
    triggerTime: null,
    ...more,
  };
}

test("planSlices makes an empty slice for a Service without Pods, and leaves it", () => {
  const plan = planSlices(state({}));
  assert.deepEqual(
    plan.create.map(({ endpoints, ports, addressType }) => ({ endpoints, ports, addressType })),
    [{ endpoints: [], ports: [], addressType: "IPv4" }],
  );
  const again = planSlices(state({ slices: plan.create }));
  assert.deepEqual([again.create, again.update, again.remove], [[], [], []]);
});

test("planSlices describes a Pod as upstream does", () => {
  const plan = planSlices(state({ pods: [pod(1)], triggerTime: "2026-01-01T00:00:00Z" }));
  assert.deepEqual(plan.create, [
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name: "",
        generateName: "web-",
        namespace: "default",
        labels: {
          app: "web",
          "kubernetes.io/service-name": "web",
          "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        },
        annotations: { "endpoints.kubernetes.io/last-change-trigger-time": "2026-01-01T00:00:00Z" },
        ownerReferences: [
          {
            apiVersion: "v1",
            kind: "Service",
            name: "web",
            uid: "s1",
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      addressType: "IPv4",
      endpoints: [
        {
          addresses: ["10.244.0.1"],
          conditions: { ready: true, serving: true, terminating: false },
          targetRef: { kind: "Pod", namespace: "default", name: "web-1", uid: "p1" },
          nodeName: "node-1",
          zone: "a",
        },
      ],
      ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    },
  ]);
});

const CONDITIONS: readonly [string, Pod, object, object | null][] = [
  ["is terminating and serves", pod(1, { metadata: { deletionTimestamp: "x" } }), {}, [false, true, true]],
  ["is not ready", pod(1, { status: { conditions: [] } }), {}, [false, false, false]],
  [
    "is not ready but published",
    pod(1, { status: { conditions: [] } }),
    { publishNotReadyAddresses: true },
    [true, false, false],
  ],
  [
    "is published while it terminates",
    pod(1, { metadata: { deletionTimestamp: "x" } }),
    { publishNotReadyAddresses: true },
    [true, true, true],
  ],
  ["has ended", pod(1, { status: { phase: "Succeeded" } }), {}, null],
  ["has no address", pod(1, { status: { podIP: undefined, podIPs: undefined } }), {}, null],
];

for (const [what, one, spec, expected] of CONDITIONS) {
  test(`planSlices sets conditions of a Pod that ${what}`, () => {
    const [slice] = planSlices(state({ service: service(spec), pods: [one] })).create;
    const conditions = slice?.endpoints?.[0]?.conditions;
    const got = conditions && [conditions.ready, conditions.serving, conditions.terminating];
    assert.deepEqual(got ?? null, expected);
  });
}

test("planSlices makes slices of both families, and headless ones without ports", () => {
  const both = pod(1, { status: { podIPs: [{ ip: "10.244.0.1" }, { ip: "fd00::1" }] } });
  const headless = service({ clusterIP: "None", ipFamilies: ["IPv4", "IPv6"], ports: undefined });
  const plan = planSlices(state({ service: headless, pods: [both] }));
  assert.deepEqual(
    plan.create.map(({ addressType, endpoints, ports, metadata }) => [
      addressType,
      endpoints?.[0]?.addresses,
      ports,
      metadata.labels?.["service.kubernetes.io/headless"],
    ]),
    [
      ["IPv4", ["10.244.0.1"], [], ""],
      ["IPv6", ["fd00::1"], [], ""],
    ],
  );
});

test("planSlices parts Pods whose named port differs", () => {
  const other = pod(2, {
    spec: { containers: [{ name: "main", ports: [{ name: "http", containerPort: 9090 }] }] },
  });
  const plan = planSlices(state({ pods: [pod(1), other] }));
  assert.deepEqual(
    plan.create.map(({ ports }) => ports?.[0]?.port),
    [8080, 9090],
  );
});

test("planSlices leaves out Pods on nodes that do not exist, unless unready ones are published", () => {
  const lost = pod(1, { spec: { nodeName: "gone" } });
  assert.deepEqual(planSlices(state({ pods: [lost] })).unknownNodes, ["gone"]);
  const published = service({ publishNotReadyAddresses: true });
  assert.equal(planSlices(state({ pods: [lost], service: published })).create[0]?.endpoints?.length, 1);
});

test("planSlices removes slices of a family that the Service no longer has", () => {
  const old = { ...planSlices(state({})).create[0], addressType: "IPv6" } as EndpointSlice;
  assert.deepEqual(planSlices(state({ slices: [old] })).remove, [old]);
});

test("planSlices hints as trafficDistribution says, and takes hints back", () => {
  const near = service({ trafficDistribution: "PreferSameNode" });
  const [slice] = planSlices(state({ service: near, pods: [pod(1)] })).create;
  assert.deepEqual(slice?.endpoints?.[0]?.hints, {
    forZones: [{ name: "a" }],
    forNodes: [{ name: "node-1" }],
  });
  const [close] = planSlices(
    state({ service: service({ trafficDistribution: "PreferClose" }), pods: [pod(1)] }),
  ).create;
  assert.deepEqual(close?.endpoints?.[0]?.hints, { forZones: [{ name: "a" }] });
  const without = planSlices(state({ pods: [pod(1)], slices: [slice as EndpointSlice] }));
  assert.equal(without.update.length, 1);
  assert.equal(without.update[0]?.endpoints?.[0]?.hints, undefined);
});

function endpoints(from: number, to: number): SliceEndpoint[] {
  return Array.from({ length: to - from }, (_, index) => ({ addresses: [`10.0.0.${from + index}`] }));
}

function slice(name: string, from: number, to: number): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name },
    addressType: "IPv4",
    endpoints: endpoints(from, to),
  };
}

interface PackingCase {
  readonly what: string;
  readonly existing: readonly EndpointSlice[];
  readonly desired: readonly SliceEndpoint[];
  readonly expected: { create: number[]; update: [string, number][]; remove: string[]; keep: string[] };
}

const PACKINGS: readonly PackingCase[] = [
  {
    what: "fills new slices",
    existing: [],
    desired: endpoints(0, 25),
    expected: { create: [10, 10, 5], update: [], remove: [], keep: [] },
  },
  {
    what: "puts one more where it makes a slice fullest",
    existing: [slice("a", 0, 4), slice("b", 4, 12)],
    desired: endpoints(0, 13),
    expected: { create: [], update: [["b", 9]], remove: [], keep: ["a"] },
  },
  {
    what: "makes a slice rather than spreads over two",
    existing: [slice("a", 0, 8), slice("b", 8, 16)],
    desired: endpoints(0, 20),
    expected: { create: [4], update: [], remove: [], keep: ["a", "b"] },
  },
  {
    what: "fills slices that change anyway, the fullest first",
    existing: [slice("a", 0, 5), slice("b", 10, 19)],
    desired: [...endpoints(1, 5), ...endpoints(11, 19), ...endpoints(30, 34)],
    expected: {
      create: [],
      update: [
        ["a", 6],
        ["b", 10],
      ],
      remove: [],
      keep: [],
    },
  },
  {
    what: "removes what is empty and does not repack what is half full",
    existing: [slice("a", 0, 2), slice("b", 10, 12), slice("c", 20, 22)],
    desired: [...endpoints(10, 12), ...endpoints(20, 22)],
    expected: { create: [], update: [], remove: ["a"], keep: ["b", "c"] },
  },
];

for (const { what, existing, desired, expected } of PACKINGS) {
  test(`packSlices ${what}`, () => {
    const got = packSlices({ existing, desired, endpointsMax: 10, isMislabelled: () => false });
    assert.deepEqual(
      {
        create: got.create.map((each) => each.length),
        update: got.update.map((each) => [each.slice.metadata.name, each.endpoints.length]),
        remove: got.remove.map((each) => each.metadata.name),
        keep: got.keep.map((each) => each.metadata.name),
      },
      expected,
    );
  });
}

function node(zone: string, cpu: string): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: `${zone}-${cpu}`, labels: { "topology.kubernetes.io/zone": zone } },
    status: { allocatable: { cpu }, conditions: [{ type: "Ready", status: "True" }] },
  } as unknown as Node;
}

function inZones(zones: string): SliceEndpoint[] {
  return [...zones].map((zone, index) => ({ addresses: [`10.0.0.${index}`], zone }));
}

test("autoZones shares endpoints out by CPU", () => {
  const shares = cpuSharesByZone([node("a", "4"), node("b", "4"), node("c", "4")]);
  assert.deepEqual(autoZones(inZones("aabbcc"), shares), ["a", "a", "b", "b", "c", "c"]);
  // Desired: 2 each, at least 2 / 1.2 = 1.67 -> 2. c has none: a has 3 and gives one, b has 3 and gives one.
  const moved = autoZones(inZones("aaabbb"), shares) as readonly string[];
  assert.deepEqual([...moved].sort(), ["a", "a", "b", "b", "c", "c"]);
});

test("autoZones refuses when it would overload somebody", () => {
  const even = cpuSharesByZone([node("a", "4"), node("b", "4")]);
  assert.equal(autoZones(inZones("a"), even), "InsufficientNumberOfEndpoints");
  assert.equal(autoZones(inZones("ab"), cpuSharesByZone([node("a", "4")])), "InsufficientNodeInfo");
  // b should have 0.2 of 2 endpoints: 0.4, and must have 1.
  const uneven = cpuSharesByZone([node("a", "8"), node("b", "2")]);
  assert.equal(autoZones(inZones("ab"), uneven), "MinAllocationExceedsOverloadThreshold");
  assert.equal(autoZones([...inZones("ab"), { addresses: ["10.0.0.9"] }], even), "NoZoneSpecified");
});
