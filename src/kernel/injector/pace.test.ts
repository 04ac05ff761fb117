import assert from "node:assert/strict";
import { test } from "node:test";
import { jobLines, NATIVE_PACE } from "./pace.js";

test("a job is text: settings, nodes by their namespaces, cases by their nodes' numbers", () => {
  const lines = jobLines({
    ...NATIVE_PACE,
    cpu: 1,
    seed: 7,
    packet: "first",
    firstSource: "10.128.0.0",
    settleMs: 1200,
    nodes: [{ id: "a", interfaces: ["eth0"], addresses: [] }],
    cases: [
      {
        node: 0,
        targets: [
          { address: "172.30.0.1", port: 80 },
          { address: "172.30.0.2", port: 53 },
        ],
      },
    ],
  });
  assert.equal(
    [...lines].join(""),
    `cpu 1
clock thread-cpu
seed 7
packet first
batch 64
chunk 3000000 24 500
sources 10.128.0.0
settle 1200
node plumb-a-client eth0 plumb-a-backend in plumb-a-node
case 0 172.30.0.1:80 172.30.0.2:53
`,
  );
});
