import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSliceEndpoint, ServiceSpec } from "../../api/types.js";
import { testEndpoint, testService, testSlice } from "../cluster.test-data.js";
import { categorizeEndpoints, serviceEntry } from "./categorize.js";
import { mergeSlices } from "./endpoints-map.js";
import { servicePortsOf } from "./service-map.js";

const NODE = { name: "node-0", zone: "zone-0" };
const INTERNAL = { internalTrafficPolicy: "Local" } as const;
const EXTERNAL = { type: "NodePort", externalTrafficPolicy: "Local" } as const;
const TERMINATING = { conditions: { ready: false, serving: true, terminating: true } };
const GONE = { conditions: { ready: false, serving: false, terminating: true } };

interface Case {
  readonly name: string;
  readonly spec: ServiceSpec;
  readonly endpoints: readonly EndpointSliceEndpoint[];
  /** Last octets of the lists. */
  readonly cluster: string;
  readonly local: string;
  readonly reachable: string;
  readonly hasAny: boolean;
}

const hint = (zone: string) => ({ hints: { forZones: [{ name: zone }] } });
const nodeHint = (node: string, zone: string) => ({
  hints: { forZones: [{ name: zone }], forNodes: [{ name: node }] },
});

/** Endpoint 10.0.0.N on node-NODE. */
const at = (octet: number, node: number, rest: Partial<EndpointSliceEndpoint> = {}) =>
  testEndpoint(`10.0.0.${octet}@node-${node}`, rest);

const CASES: readonly Case[] = [
  { name: "nothing", spec: {}, endpoints: [], cluster: "", local: "", reachable: "", hasAny: false },
  {
    name: "ready ones",
    spec: {},
    endpoints: [at(1, 0), at(2, 1)],
    cluster: "1 2",
    local: "",
    reachable: "1 2",
    hasAny: true,
  },
  {
    name: "no terminating while one is ready",
    spec: {},
    endpoints: [at(1, 0, TERMINATING), at(2, 1)],
    cluster: "2",
    local: "",
    reachable: "2",
    hasAny: true,
  },
  {
    name: "terminating when none is ready",
    spec: {},
    endpoints: [at(1, 0, TERMINATING), at(2, 1, GONE)],
    cluster: "1",
    local: "",
    reachable: "1",
    hasAny: true,
  },
  {
    name: "neither ready nor serving",
    spec: {},
    endpoints: [at(1, 0, GONE)],
    cluster: "",
    local: "",
    reachable: "",
    hasAny: false,
  },
  {
    name: "internal Local",
    spec: INTERNAL,
    endpoints: [at(1, 0), at(2, 1)],
    cluster: "",
    local: "1",
    reachable: "1",
    hasAny: true,
  },
  {
    name: "internal Local, elsewhere",
    spec: INTERNAL,
    endpoints: [at(2, 1)],
    cluster: "",
    local: "",
    reachable: "",
    hasAny: true,
  },
  {
    name: "internal Local, terminating here",
    spec: INTERNAL,
    endpoints: [at(1, 0, TERMINATING), at(2, 1)],
    cluster: "",
    local: "1",
    reachable: "1",
    hasAny: true,
  },
  {
    name: "external Local",
    spec: EXTERNAL,
    endpoints: [at(1, 0), at(2, 1)],
    cluster: "1 2",
    local: "1",
    reachable: "1 2",
    hasAny: true,
  },
  {
    name: "external Local, terminating here only",
    spec: EXTERNAL,
    endpoints: [at(1, 0, TERMINATING), at(2, 1)],
    cluster: "2",
    local: "1",
    reachable: "1 2",
    hasAny: true,
  },
  {
    name: "external Local, all terminating",
    spec: EXTERNAL,
    endpoints: [at(1, 0, TERMINATING), at(2, 1, TERMINATING)],
    cluster: "1 2",
    local: "1",
    reachable: "1 2",
    hasAny: true,
  },
  {
    name: "external Local, none here",
    spec: EXTERNAL,
    endpoints: [at(2, 1)],
    cluster: "2",
    local: "",
    reachable: "2",
    hasAny: true,
  },
  {
    name: "zone hints",
    spec: {},
    endpoints: [at(1, 0, hint("zone-0")), at(2, 1, hint("zone-1"))],
    cluster: "1",
    local: "",
    reachable: "1",
    hasAny: true,
  },
  {
    name: "a missing hint disables hints",
    spec: {},
    endpoints: [at(1, 0, hint("zone-0")), at(2, 1)],
    cluster: "1 2",
    local: "",
    reachable: "1 2",
    hasAny: true,
  },
  {
    name: "no hint for our zone",
    spec: {},
    endpoints: [at(1, 0, hint("zone-2")), at(2, 1, hint("zone-1"))],
    cluster: "1 2",
    local: "",
    reachable: "1 2",
    hasAny: true,
  },
  {
    name: "an unready endpoint needs no hint",
    spec: {},
    endpoints: [at(1, 0, hint("zone-0")), at(2, 1, GONE)],
    cluster: "1",
    local: "",
    reachable: "1",
    hasAny: true,
  },
  {
    name: "node hints go before zone hints",
    spec: {},
    endpoints: [at(1, 1, nodeHint("node-0", "zone-1")), at(2, 1, nodeHint("node-1", "zone-0"))],
    cluster: "1",
    local: "",
    reachable: "1",
    hasAny: true,
  },
  {
    name: "node hints for others leave zone hints",
    spec: {},
    endpoints: [at(1, 1, nodeHint("node-1", "zone-1")), at(2, 1, nodeHint("node-2", "zone-0"))],
    cluster: "2",
    local: "",
    reachable: "2",
    hasAny: true,
  },
  {
    name: "terminating ones ignore hints",
    spec: {},
    endpoints: [at(1, 0, { ...TERMINATING, ...hint("zone-1") })],
    cluster: "1",
    local: "",
    reachable: "1",
    hasAny: true,
  },
  {
    name: "external Local with hints: union",
    spec: EXTERNAL,
    endpoints: [at(1, 0, hint("zone-1")), at(2, 1, hint("zone-0"))],
    cluster: "2",
    local: "1",
    reachable: "1 2",
    hasAny: true,
  },
];

function portOf(spec: ServiceSpec) {
  const service = testService(
    "a/b",
    { clusterIP: "172.30.0.1", ...spec },
    { ports: [{ name: "p80", port: 80, nodePort: spec.type ? 30080 : 0 }] },
  );
  return servicePortsOf(service, "IPv4")[0]!;
}

function endpointsOf(endpoints: readonly EndpointSliceEndpoint[]) {
  return mergeSlices([testSlice("a/b", endpoints)], "IPv4", NODE.name).get("p80/TCP") ?? [];
}

for (const { name, spec, endpoints, ...expected } of CASES) {
  test(`categorizeEndpoints: ${name}`, () => {
    const got = categorizeEndpoints(portOf(spec), endpointsOf(endpoints), NODE);
    const octets = (list: typeof got.cluster) => list.map(({ ip }) => ip.split(".")[3]).join(" ");
    assert.deepEqual(
      {
        cluster: octets(got.cluster),
        local: octets(got.local),
        reachable: octets(got.reachable),
        hasAny: got.hasAny,
      },
      expected,
    );
  });
}

test("categorizeEndpoints matches no zone on a node without one", () => {
  const endpoints = endpointsOf([at(1, 0, hint("zone-0")), at(2, 1, hint("zone-1"))]);
  const got = categorizeEndpoints(portOf({}), endpoints, { name: "node-0", zone: null });
  assert.equal(got.cluster.length, 2);
});

test("serviceEntry: traffic of a Local policy needs a local endpoint", () => {
  const elsewhere = endpointsOf([at(2, 1)]);
  const internal = serviceEntry(portOf(INTERNAL), elsewhere, NODE);
  assert.deepEqual([internal.hasAny, internal.hasInternal, internal.hasExternal], [true, false, true]);
  const external = serviceEntry(portOf(EXTERNAL), elsewhere, NODE);
  assert.deepEqual([external.hasAny, external.hasInternal, external.hasExternal], [true, true, false]);
  const empty = serviceEntry(portOf({}), [], NODE);
  assert.deepEqual([empty.hasAny, empty.hasInternal, empty.hasExternal], [false, false, false]);
});
