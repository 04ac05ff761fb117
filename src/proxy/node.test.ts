import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterObjects, Node } from "../api/types.js";
import { nodeOf } from "./node.js";

const node = (name: string, ...addresses: [string, string][]): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, labels: { "topology.kubernetes.io/zone": "a" } },
  spec: { podCIDR: "10.244.0.0/24" },
  status: { addresses: addresses.map(([type, address]) => ({ type, address })) },
});
const cluster = (...nodes: Node[]): ClusterObjects => ({ services: [], endpointSlices: [], nodes });

test("nodeOf takes the InternalIPs as local, canonical, and no address of the cloud's router", () => {
  const objects = cluster(
    node(
      "n1",
      ["Hostname", "n1"],
      ["ExternalIP", "198.51.100.1"],
      ["InternalIP", "192.168.0.010"],
      ["InternalIP", "FD00::1"],
    ),
  );
  assert.deepEqual(nodeOf(objects, "n1"), {
    name: "n1",
    addresses: ["192.168.0.10", "fd00::1"],
    podCIDRs: ["10.244.0.0/24"],
    zone: "a",
  });
});

test("nodeOf falls back to the ExternalIPs of a node that reports nothing else", () => {
  assert.deepEqual(nodeOf(cluster(node("n1", ["ExternalIP", "198.51.100.1"])), null).addresses, [
    "198.51.100.1",
  ]);
});

test("nodeOf names some nodes when there is none of that name", () => {
  assert.throws(() => nodeOf(cluster(node("a"), node("b")), "c"), /'c': no such node; the input has a, b$/);
  assert.throws(() => nodeOf(cluster(), null), /the input has no nodes/);
});
