import assert from "node:assert/strict";
import { test } from "node:test";
import type { TransportProtocol } from "../../../api/types.js";
import { CycleState } from "../../framework/cycle-state.js";
import { SKIP } from "../../framework/status.js";
import { node, pod } from "../cluster.test-data.js";
import { createNodePorts } from "./node-ports.js";

/** "TCP/127.0.0.1/80" */
const listening = (name: string, port: string, nodeName = "") => {
  const [protocol, hostIP, hostPort] = port.split("/") as [TransportProtocol, string, string];
  const ports = [{ protocol, hostIP, hostPort: Number(hostPort), containerPort: 80 }];
  return pod(name, { nodeName, containers: [{ ports }] });
};
const plugin = createNodePorts();
const state = new CycleState();

test("NodePorts skips Pods without host ports", () => {
  assert.equal(
    plugin.preFilter(state, pod("p", { containers: [{ ports: [{ containerPort: 80 }] }] })).status,
    SKIP,
  );
  assert.equal(plugin.preFilter(state, listening("p", "TCP//80")).status, null);
});

test("NodePorts turns down a node where address, protocol and port are taken", () => {
  const used = node("n", {}, [listening("a", "TCP/127.0.0.1/80"), listening("b", "UDP//53")]);
  const cases: [string, boolean][] = [
    ["TCP/127.0.0.1/80", false],
    ["TCP/127.0.0.2/80", true],
    ["TCP//80", false],
    ["UDP/127.0.0.1/80", true],
    ["UDP/10.0.0.1/53", false],
    ["TCP//53", true],
  ];
  for (const [port, fits] of cases)
    assert.equal(plugin.filter(state, listening("p", port), used) === null, fits, port);
  assert.deepEqual(plugin.filter(state, listening("p", "TCP//80"), used), {
    code: "Unschedulable",
    reasons: ["node(s) didn't have free ports for the requested pod ports"],
    plugin: "NodePorts",
  });
});

test("NodePorts queues, when a Pod that held the wanted port is gone", () => {
  const [afterDelete] = plugin.eventsToRegister();
  const hint = (port: string, nodeName: string) =>
    afterDelete !== undefined &&
    "hint" in afterDelete &&
    afterDelete.hint?.(listening("p", "TCP//80"), {
      before: listening("gone", port, nodeName),
      after: null,
    });
  assert.equal(hint("TCP//80", "n"), "Queue");
  assert.equal(hint("TCP//80", ""), "Skip");
  assert.equal(hint("TCP//81", "n"), "Skip");
});
