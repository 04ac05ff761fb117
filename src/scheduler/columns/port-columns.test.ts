import assert from "node:assert/strict";
import { test } from "node:test";
import { node, pod } from "../plugins/cluster.test-data.js";
import { Cluster } from "./columns.test-data.js";

const holding = (name: string, hostPort: number, hostIP = "", protocol: "TCP" | "UDP" = "TCP") =>
  pod(name, { containers: [{ ports: [{ containerPort: 1, hostPort, hostIP, protocol }] }] });

test("PortColumns counts holders by address, protocol and port, and tells which of them conflict", () => {
  const cluster = new Cluster(node("a").node, node("b").node);
  cluster.place(holding("any", 80), "a");
  cluster.place(holding("one", 80, "10.0.0.1"), "b");
  cluster.place(holding("other", 80, "10.0.0.2"), "b");
  cluster.place(holding("udp", 80, "", "UDP"), "b");
  const taken = (ip: string, port = 80) => {
    const columns = cluster.columns.ports
      .conflicts({ ip, protocol: "TCP", port })
      .map((at) => cluster.u32s(at));
    return cluster.cache.nodes.map((_, index) =>
      columns.reduce((sum, each) => sum + (each[index] as number), 0),
    );
  };
  assert.deepEqual(taken("0.0.0.0"), [1, 2]);
  assert.deepEqual(taken("10.0.0.1"), [1, 1]);
  assert.deepEqual(taken("10.0.0.3"), [1, 0]);
  assert.deepEqual(taken("0.0.0.0", 81), [0, 0]);
  cluster.cache.removePod("any");
  assert.deepEqual(taken("10.0.0.3"), [0, 0]);
});
