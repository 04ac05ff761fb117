import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { parseIptablesSave } from "../iptables/parse.js";
import type { ProxyListener, UserspaceModel } from "../rule-model.js";
import { SeededChance } from "./chance.js";
import { createTracer, parsePacket, traceTargets } from "./index.js";
import { USERSPACE_COST } from "./userspace-stage.js";

const NODE = "192.168.0.10";
const RULES = `*nat
:KUBE-PORTALS-CONTAINER - [0:0]
:KUBE-PORTALS-HOST - [0:0]
-A PREROUTING -m comment --comment "handle ClusterIPs" -j KUBE-PORTALS-CONTAINER
-A OUTPUT -m comment --comment "handle ClusterIPs" -j KUBE-PORTALS-HOST
-A KUBE-PORTALS-CONTAINER -d 10.96.0.10/32 -p tcp -m comment --comment default/web:http -m tcp --dport 80 -j REDIRECT --to-ports 40001
-A KUBE-PORTALS-CONTAINER -d 10.96.0.53/32 -p udp -m comment --comment kube-system/dns -m udp --dport 53 -j REDIRECT --to-ports 40002
-A KUBE-PORTALS-CONTAINER -d 10.96.0.30/32 -p tcp -m comment --comment default/empty -m tcp --dport 80 -j REDIRECT --to-ports 40003
-A KUBE-PORTALS-HOST -d 10.96.0.10/32 -p tcp -m comment --comment default/web:http -m tcp --dport 80 -j DNAT --to-destination ${NODE}:40001
COMMIT
`;
const backend = (ip: string) => ({ ip, port: 8080 });

function model(affinitySeconds: number | null = null): UserspaceModel {
  const listener = (protocol: "tcp" | "udp", port: number, ips: readonly string[]): ProxyListener => ({
    protocol,
    port,
    servicePort: `port ${port}`,
    backends: ips.map(backend),
    affinitySeconds,
  });
  return {
    mode: "userspace",
    family: "IPv4",
    ruleset: parseIptablesSave({ file: "t", text: RULES }).ruleset,
    localAddresses: [NODE],
    listeners: [
      listener("tcp", 40001, ["10.0.1.2", "10.0.1.3", "10.0.1.4"]),
      listener("udp", 40002, ["10.0.1.5"]),
      listener("tcp", 40003, []),
    ],
  };
}

const tracer = (affinitySeconds: number | null = null) =>
  createTracer(model(affinitySeconds), {
    chance: new SeededChance(new Prng(1)),
    steps: false,
    conntrackMax: 1000,
  });

test("UserspaceStage sends connections round robin, and a connection's packets to its backend", () => {
  const walk = tracer();
  const connect = (port: number) =>
    walk.send(parsePacket(`tcp 10.0.9.1:${port} > 10.96.0.10:80`), 0).outcome.target?.ip;
  assert.deepEqual([1, 2, 3, 4].map(connect), ["10.0.1.2", "10.0.1.3", "10.0.1.4", "10.0.1.2"]);
  const later = walk.send(parsePacket("tcp 10.0.9.1:2 > 10.96.0.10:80"), 1);
  assert.deepEqual([later.established, later.outcome.target?.ip], [true, "10.0.1.3"]);
});

test("UserspaceStage counts system calls, wake-ups and copied bytes as its model says", () => {
  const walk = tracer();
  const costs = (text: string) => {
    const { syscalls, contextSwitches, bytesCopied } = walk.send(parsePacket(text), 0).counts;
    return [syscalls, contextSwitches, bytesCopied];
  };
  assert.deepEqual(costs("tcp 10.0.9.1:1 > 10.96.0.10:80"), [3, 2, 0]);
  assert.deepEqual(costs("tcp 10.0.9.1:1 > 10.96.0.10:80 payload=1400"), [2, 1, 2800]);
  assert.deepEqual(costs("tcp 10.0.9.1:1 > 10.96.0.10:80"), [0, 0, 0]);
  assert.deepEqual(costs("udp 10.0.9.1:1 > 10.96.0.53:53 payload=60"), [4, 1, 120]);
  assert.deepEqual(costs("udp 10.0.9.1:1 > 10.96.0.53:53 payload=60"), [2, 1, 120]);
});

test("UserspaceStage keeps a client at its backend while it was seen within the timeout", () => {
  const walk = tracer(10);
  const connect = (client: string, port: number, seconds: number) =>
    walk.send(parsePacket(`tcp ${client}:${port} > 10.96.0.10:80`), seconds * 1000).outcome.target?.ip;
  assert.equal(connect("10.0.9.1", 1, 0), "10.0.1.2");
  assert.equal(connect("10.0.9.2", 1, 0), "10.0.1.3");
  assert.equal(connect("10.0.9.1", 2, 9), "10.0.1.2");
  assert.equal(connect("10.0.9.1", 3, 18), "10.0.1.2", "each use refreshes");
  assert.equal(connect("10.0.9.1", 4, 28), "10.0.1.4", "ten seconds are too many");
});

test("UserspaceStage refuses a service without backends, and passes over what is not its own", () => {
  const walk = tracer();
  assert.deepEqual(walk.send(parsePacket("tcp 10.0.9.1:1 > 10.96.0.30:80"), 0).outcome, {
    verdict: "REJECT",
    reason: "no-endpoint",
    target: null,
    masquerade: false,
  });
  assert.equal(walk.send(parsePacket(`tcp 10.0.9.1:1 > ${NODE}:22`), 0).outcome.verdict, "ACCEPT");
});

test("UserspaceStage takes the node's own connections, through OUTPUT and back in", () => {
  const trace = tracer().send(parsePacket(`tcp ${NODE}:1 > 10.96.0.10:80 from=node`), 0);
  assert.deepEqual(trace.outcome.target, { ip: "10.0.1.2", port: 8080 });
  assert.equal(trace.counts.syscalls, USERSPACE_COST.tcpOpenSyscalls);
});

test("traceTargets finds every backend that the round robin may be at", () => {
  const found = traceTargets(model(), parsePacket("tcp 10.0.9.1:1 > 10.96.0.10:80"), { walksMax: 10 });
  assert.deepEqual(found.targets, ["10.0.1.2:8080", "10.0.1.3:8080", "10.0.1.4:8080"]);
});
