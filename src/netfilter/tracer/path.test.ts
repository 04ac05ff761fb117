import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { sourcePath } from "../../base/source-path.js";
import type { CounterName } from "../counters.js";
import { parseIptablesSave } from "../iptables/parse.js";
import type { Packet } from "../packet.js";
import type { IptablesModel } from "../rule-model.js";
import { type Chance, SeededChance } from "./chance.js";
import { createTracer, parsePacket, traceTargets } from "./index.js";
import type { Trace, Tracer } from "./trace.js";

const NODE = "192.168.0.10";

function kubeProxy(): IptablesModel {
  const text = readFileSync(sourcePath(import.meta.url, "../iptables/testdata/kube-proxy.restore"), "utf8");
  const { ruleset } = parseIptablesSave({ file: "kube-proxy.restore", text });
  return { mode: "iptables", family: "IPv4", ruleset, ipsets: [], localAddresses: [NODE] };
}

const model = kubeProxy();
const ALWAYS: Chance = { under: () => true, below: () => 0 };

function tracer(chance: Chance = ALWAYS, conntrackMax = 1000): Tracer {
  return createTracer(model, { chance, steps: false, conntrackMax });
}

const counted = (trace: Trace): Partial<Record<CounterName, number>> =>
  Object.fromEntries(Object.entries(trace.counts).filter(([, count]) => count > 0));

const WEB = ["10.0.1.2:8080", "10.0.1.3:8080", "10.0.2.4:8080"];
const STICKY = ["10.0.1.6:8443", "10.0.2.6:8443"];

/** A pod is in 10.0.0.0/16; everybody else is masqueraded. */
const FLOWS: readonly [packet: string, verdict: string, targets: readonly string[], masquerade: boolean][] = [
  ["tcp 10.0.1.7:40000 > 10.96.0.10:80", "DNAT", WEB, false],
  ["tcp 203.0.113.9:40000 > 10.96.0.10:80", "DNAT", WEB, true],
  [`tcp ${NODE}:40000 > 10.96.0.10:80 from=node`, "DNAT", WEB, true],
  ["tcp 203.0.113.9:40000 > 192.168.0.10:30080", "DNAT", WEB, true],
  ["tcp 10.0.1.7:40000 > 192.168.0.10:30080", "DNAT", WEB, true],
  ["udp 10.0.1.7:40000 > 10.96.0.53:53", "DNAT", ["10.0.1.5:53"], false],
  ["udp 10.0.1.5:40000 > 10.96.0.53:53", "DNAT", ["10.0.1.5:53"], true],
  ["tcp 10.0.1.7:40000 > 10.96.0.20:443", "DNAT", STICKY, false],
  ["tcp 10.0.1.7:40000 > 10.96.0.30:80", "REJECT", [], false],
  ["tcp 203.0.113.9:40000 > 192.168.0.10:30090", "REJECT", [], false],
  [`tcp ${NODE}:40000 > 10.96.0.30:80 from=node`, "REJECT", [], false],
  ["udp 10.0.1.7:40000 > 10.96.0.10:80", "ACCEPT", [], false],
  ["tcp 10.0.1.7:40000 > 10.0.2.9:80", "ACCEPT", [], false],
  ["tcp 203.0.113.9:40000 > 127.0.0.1:30080", "DNAT", WEB, true],
  ["tcp 203.0.113.9:40000 > 127.0.0.1:22", "DROP", [], false],
  ["tcp 10.0.1.7:40000 > 10.0.2.9:80 flags=RST", "DROP", [], false],
  ["icmp 10.0.1.7 > 10.96.0.10", "ACCEPT", [], false],
];

test("traceTargets finds where kube-proxy's rules may send each packet", () => {
  for (const [packet, verdict, targets, masquerade] of FLOWS) {
    const found = traceTargets(model, parsePacket(packet), { walksMax: 100 });
    assert.deepEqual(found, { verdict, targets, masquerade, partial: false }, packet);
  }
});

test("the node's own packet to the node comes in over loopback: PREROUTING again, but not its nat chain", () => {
  const text = [
    "*mangle",
    ":PREROUTING ACCEPT [0:0]",
    "-A PREROUTING -p udp",
    "COMMIT",
    "*nat",
    ":PREROUTING ACCEPT [0:0]",
    "-A PREROUTING -p udp",
    "COMMIT",
    "",
  ].join("\n");
  const { ruleset } = parseIptablesSave({ file: "x", text });
  const own = createTracer({ ...model, ruleset }, { chance: ALWAYS, steps: true, conntrackMax: 10 });
  const { steps } = own.send(parsePacket(`udp ${NODE}:40000 > ${NODE}:53 from=node`), 0);
  const places = steps.map(({ place }) => place).filter((place) => place.includes("/"));
  assert.deepEqual(places, ["mangle/PREROUTING/1"]);
});

test("traceTargets says when it stopped early", () => {
  const found = traceTargets(model, parsePacket("tcp 10.0.1.7:40000 > 10.96.0.10:80"), { walksMax: 2 });
  assert.deepEqual(found.targets, WEB.slice(0, 2));
  assert.equal(found.partial, true);
});

test("a first packet costs what a walk by hand through kube-proxy's rules costs", () => {
  const trace = tracer().send(parsePacket("tcp 10.0.1.7:40000 > 10.96.0.10:80"), 0);
  // nat: PREROUTING 1, SERVICES 1, SVC 2, SEP 2; filter: FORWARD 4, KUBE-FORWARD 3, SERVICES 1, EXTERNAL 1;
  // nat: POSTROUTING 1, KUBE-POSTROUTING 1.
  assert.deepEqual(counted(trace), {
    rulesEvaluated: 17,
    headerMisses: 3,
    commentMatches: 12,
    portMatches: 2,
    ctstateMatches: 5,
    markMatches: 2,
    fibLookups: 1,
    statisticMatches: 1,
    randomDraws: 1,
    chainJumps: 8,
    dnatTargets: 1,
    ctLookups: 1,
    ctInserts: 1,
    natTupleSearches: 1,
  });
});

test("packets of a known flow take the stored translation and five filter rules", () => {
  const walk = tracer();
  const packet = parsePacket("tcp 10.0.1.7:40000 > 10.96.0.10:80");
  const { target } = walk.send(packet, 0).outcome;
  const reply = walk.send(parsePacket(`tcp ${target?.ip}:8080 > 10.0.1.7:40000 flags=SYN,ACK`), 1);
  assert.deepEqual([reply.established, reply.reply], [true, true]);
  assert.deepEqual(reply.outcome, { verdict: "ACCEPT", reason: "none", target: null, masquerade: true });
  const later = walk.send({ ...packet, tcpFlags: 16 }, 2);
  assert.deepEqual([later.established, later.reply], [true, false]);
  assert.deepEqual(later.outcome, { verdict: "DNAT", reason: "none", target, masquerade: false });
  assert.deepEqual(counted(later), {
    rulesEvaluated: 5,
    commentMatches: 3,
    ctstateMatches: 3,
    markMatches: 1,
    chainJumps: 1,
    ctLookups: 1,
  });
});

test("the reply of a masqueraded flow finds its way back to the client", () => {
  const walk = tracer();
  walk.send(parsePacket("tcp 203.0.113.9:40000 > 192.168.0.10:30080"), 0);
  const reply = walk.send(parsePacket(`tcp 10.0.1.2:8080 > ${NODE}:40000 flags=SYN,ACK`), 1);
  assert.deepEqual(reply.outcome.target, { ip: "203.0.113.9", port: 40000 });
  assert.equal(reply.reply, true);
});

test("the reply to a connection of the node's own comes up from the Service's address", () => {
  const walk = tracer();
  const opened = walk.send(parsePacket(`tcp ${NODE}:40000 > 10.96.0.10:80 from=node`), 0);
  assert.deepEqual(opened.sent, {
    protocol: "tcp",
    source: NODE,
    sourcePort: 40000,
    destination: "10.0.1.2",
    destinationPort: 8080,
  });
  const { sent, outcome } = walk.send(parsePacket(`tcp 10.0.1.2:8080 > ${NODE}:40000 flags=SYN,ACK`), 1);
  assert.deepEqual([sent?.source, sent?.sourcePort], ["10.96.0.10", 80]);
  assert.equal(outcome.verdict, "ACCEPT");
});

test("two masqueraded clients with one source port get two ports at the backend", () => {
  const walk = tracer();
  const first = walk.send(parsePacket("tcp 203.0.113.9:40000 > 192.168.0.10:30080"), 0);
  const second = walk.send(parsePacket("tcp 203.0.113.10:40000 > 192.168.0.10:30080"), 0);
  // DNAT 1 + masquerade 1, then one candidate more.
  assert.deepEqual([first.counts.natTupleSearches, second.counts.natTupleSearches], [2, 3]);
  const reply = walk.send(parsePacket(`tcp 10.0.1.2:8080 > ${NODE}:40001 flags=SYN,ACK`), 1);
  assert.deepEqual(reply.outcome.target, { ip: "203.0.113.10", port: 40000 });
});

test("two flows of one client port that end at one backend are told apart by a moved port", () => {
  const walk = tracer();
  const direct = walk.send(parsePacket("tcp 10.0.1.7:40000 > 10.0.1.2:8080"), 0);
  const service = walk.send(parsePacket("tcp 10.0.1.7:40000 > 10.96.0.10:80"), 0);
  assert.equal(direct.outcome.masquerade, false);
  assert.deepEqual(
    [service.outcome.target, service.outcome.masquerade],
    [{ ip: "10.0.1.2", port: 8080 }, true],
  );
  assert.equal(service.counts.natTupleSearches, 3);
});

test("a dropped or rejected first packet leaves no flow behind", () => {
  const walk = tracer();
  const packet = parsePacket("tcp 10.0.1.7:40000 > 10.96.0.30:80");
  for (const timeMs of [0, 1]) {
    const trace = walk.send(packet, timeMs);
    assert.deepEqual(
      [trace.outcome.verdict, trace.established, trace.counts.ctInserts],
      ["REJECT", false, 0],
    );
  }
});

test("a full conntrack table drops new flows before any rule, until an entry expires", () => {
  const walk = tracer(ALWAYS, 1);
  walk.send(parsePacket("udp 10.0.1.7:1 > 10.96.0.53:53"), 0);
  const full = walk.send(parsePacket("udp 10.0.1.7:2 > 10.96.0.53:53"), 29_999);
  assert.deepEqual(full.outcome, {
    verdict: "DROP",
    reason: "conntrack-full",
    target: null,
    masquerade: false,
  });
  assert.deepEqual(counted(full), { ctLookups: 1 });
  assert.equal(walk.send(parsePacket("udp 10.0.1.7:2 > 10.96.0.53:53"), 30_000).outcome.verdict, "DNAT");
});

test("session affinity keeps a client at its endpoint until the timeout", () => {
  const walk = tracer(new SeededChance(new Prng(3)));
  const connect = (client: string, port: number, seconds: number) =>
    walk.send(parsePacket(`tcp ${client}:${port} > 10.96.0.20:443`), seconds * 1000).outcome.target?.ip;
  const first = connect("10.0.1.7", 1, 0);
  for (let port = 2; port < 30; port++) assert.equal(connect("10.0.1.7", port, port * 300), first);
  const after = new Set<string | undefined>();
  for (let client = 1; client < 30; client++) after.add(connect(`10.0.3.${client}`, 1, 9000));
  assert.equal(after.size, 2, "other clients are spread");
});

test("every random packet has one verdict, and a flow keeps its backend", () => {
  const seed = 11;
  const prng = new Prng(seed);
  const walk = tracer(new SeededChance(prng.fork("chance")), 64);
  const backends = new Map<string, string>();
  for (let step = 0; step < 2000; step++) {
    const packet = randomPacket(prng);
    const trace = walk.send(packet, step * 50);
    const { verdict, target } = trace.outcome;
    const context = `seed ${seed} step ${step}: ${JSON.stringify(packet)}`;
    assert.equal(target !== null, verdict === "DNAT", context);
    const key = `${packet.source}:${packet.sourcePort} ${packet.destination}:${packet.destinationPort} ${packet.protocol}`;
    const known = backends.get(key);
    const chosen = target ? `${target.ip}:${target.port}` : verdict;
    if (trace.established && !trace.reply && known !== undefined && verdict === "DNAT")
      assert.equal(chosen, known, context);
    if (!trace.established && verdict === "DNAT") backends.set(key, chosen);
  }
});

function randomPacket(prng: Prng): Packet {
  const destination = prng.pick([
    "10.96.0.10:80",
    "10.96.0.53:53",
    "10.96.0.20:443",
    "10.96.0.30:80",
    `${NODE}:30080`,
  ]);
  const source = prng.pick(["10.0.1.7", "10.0.1.2", "203.0.113.9"]);
  const packet = parsePacket(`${prng.pick(["tcp", "udp"])} ${source}:${prng.below(40) + 1} > ${destination}`);
  return packet.protocol === "tcp" ? { ...packet, tcpFlags: prng.pick([2, 2, 16, 17, 4]) } : packet;
}
