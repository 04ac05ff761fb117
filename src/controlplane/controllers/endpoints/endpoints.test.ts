import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoints, Service } from "../../client/cluster-resources.js";
import type { Pod } from "../../client/object-types.js";
import { desiredEndpoints } from "./endpoints-controller.js";
import { mirrorPlan } from "./mirror-slices.js";
import { subsetsOf, truncated } from "./subsets.js";

const WEB = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "default", labels: { app: "web" } },
  spec: {
    clusterIP: "10.96.0.1",
    ipFamilies: ["IPv4"],
    selector: { app: "web" },
    ports: [{ port: 80, targetPort: 8080 }],
  },
} as unknown as Service;

function pod(index: number, isReady: boolean, more: object = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `web-${index}`, namespace: "default", uid: `p${index}`, ...more },
    spec: { nodeName: "node-1", containers: [] },
    status: {
      phase: "Running",
      podIP: `10.0.0.${index}`,
      conditions: [{ type: "Ready", status: isReady ? "True" : "False" }],
    },
  } as unknown as Pod;
}

test("subsetsOf sorts addresses by readiness, and leaves out Pods that terminate", () => {
  const subsets = subsetsOf(WEB, [
    pod(2, true),
    pod(1, true),
    pod(3, false),
    pod(4, true, { deletionTimestamp: "x" }),
  ]);
  assert.deepEqual(
    subsets.map(({ addresses, notReadyAddresses, ports }) => [
      addresses?.map(({ ip }) => ip),
      notReadyAddresses?.map(({ ip }) => ip),
      ports,
    ]),
    [[["10.0.0.1", "10.0.0.2"], ["10.0.0.3"], [{ port: 8080, protocol: "TCP" }]]],
  );
});

function addresses(count: number): { ip: string }[] {
  return Array.from({ length: count }, (_, index) => ({ ip: `10.1.${index >> 8}.${index & 255}` }));
}

test("truncated keeps a thousand, ready ones first, in proportion", () => {
  assert.equal(truncated([{ addresses: addresses(600), notReadyAddresses: addresses(400) }]), null);
  const cutNotReady = truncated([{ addresses: addresses(600), notReadyAddresses: addresses(500) }]);
  assert.deepEqual(
    [cutNotReady?.[0]?.addresses?.length, cutNotReady?.[0]?.notReadyAddresses?.length],
    [600, 400],
  );
  // 1500 of 2000 and 500 of 2000 of a thousand.
  const cutReady = truncated([
    { addresses: addresses(1500), notReadyAddresses: addresses(5) },
    { addresses: addresses(500) },
  ]);
  assert.deepEqual(
    cutReady?.map((each) => [each.addresses?.length, each.notReadyAddresses?.length]),
    [
      [750, undefined],
      [250, undefined],
    ],
  );
});

test("desiredEndpoints says when it truncated, and settles", () => {
  const made = desiredEndpoints(WEB, undefined, [{ addresses: addresses(1001) }], "2026-01-01T00:00:00Z");
  assert.deepEqual(made?.metadata.annotations, {
    "endpoints.kubernetes.io/last-change-trigger-time": "2026-01-01T00:00:00Z",
    "endpoints.kubernetes.io/over-capacity": "truncated",
  });
  assert.equal(desiredEndpoints(WEB, made ?? undefined, [{ addresses: addresses(1001) }], null), null);
  const fewer = desiredEndpoints(WEB, made ?? undefined, [{ addresses: addresses(3) }], null);
  assert.deepEqual(fewer?.metadata.annotations, {});
});

test("mirrorPlan makes a slice for each family and set of ports, and settles", () => {
  const endpoints = {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: {
      name: "db",
      namespace: "default",
      uid: "e1",
      annotations: { note: "x", "kubectl.kubernetes.io/last-applied-configuration": "{}" },
    },
    subsets: [
      {
        addresses: [{ ip: "192.0.2.1" }, { ip: "2001:db8::1" }, { ip: "nowhere" }],
        ports: [{ port: 5432, protocol: "TCP" }],
      },
      { notReadyAddresses: [{ ip: "192.0.2.9" }], ports: [{ name: "admin", port: 1 }] },
    ],
  } as unknown as Endpoints;
  const plan = mirrorPlan(endpoints, []);
  assert.equal(plan.invalidCount, 1);
  assert.deepEqual(
    plan.create.map(({ addressType, endpoints: list, ports }) => [
      addressType,
      list?.[0]?.addresses[0],
      list?.[0]?.conditions?.ready,
      ports?.[0]?.name,
    ]),
    [
      ["IPv4", "192.0.2.1", true, ""],
      ["IPv6", "2001:db8::1", true, ""],
      ["IPv4", "192.0.2.9", false, "admin"],
    ],
  );
  assert.deepEqual(plan.create[0]?.metadata.annotations, { note: "x" });
  const again = mirrorPlan(endpoints, plan.create);
  assert.deepEqual([again.create, again.update, again.remove], [[], [], []]);
  assert.deepEqual(mirrorPlan(null, plan.create).remove, plan.create);
});
