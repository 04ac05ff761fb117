// IPVS traced packet by packet: what a connection remembers, for how long, and what each packet looks up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { realClock } from "../../base/clock.js";
import { Prng } from "../../base/prng.js";
import { emptyRuleset, masquerade, rule } from "../iptables/ruleset.js";
import { type Packet, TCP_FLAGS } from "../packet.js";
import type { IpvsModel } from "../rule-model.js";
import { SeededChance } from "../tracer/chance.js";
import type { Trace, Tracer } from "../tracer/trace.js";
import type { VirtualServer } from "./model.js";
import { ipvsPossibleTargets, ipvsTargetSet } from "./stage.js";
import { createIpvsTracer } from "./tracer.js";

const { SYN, ACK, FIN, RST } = TCP_FLAGS;
const VIP = "10.96.0.1";
const NODE = "192.168.0.2";

function virtual(parts: Partial<VirtualServer> = {}, servers = 3): VirtualServer {
  const realServers = Array.from({ length: servers }, (_, index) => ({
    ip: `10.1.0.${index + 1}`,
    port: 8080,
    weight: 1,
  }));
  const base = { protocol: "tcp", ip: VIP, port: 80, scheduler: "rr", persistentSeconds: null } as const;
  return { ...base, sourcePortFlag: false, realServers, ...parts };
}

function modelOf(...virtualServers: VirtualServer[]): IpvsModel {
  const localAddresses = [NODE, ...virtualServers.map(({ ip }) => ip)];
  return {
    mode: "ipvs",
    family: "IPv4",
    ruleset: emptyRuleset("IPv4"),
    ipsets: [],
    localAddresses,
    virtualServers,
  };
}

function tracerOf(model: IpvsModel, connectionsMax = 1024): Tracer {
  const options = { chance: new SeededChance(new Prng(1)), steps: false, conntrackMax: 4096 };
  return createIpvsTracer(model, options, { serviceTable: "fixed", connectionsMax });
}

function packet(parts: Partial<Packet> = {}): Packet {
  const base = { protocol: "tcp", source: "10.2.0.1", sourcePort: 40_000, destination: VIP } as const;
  return { ...base, destinationPort: 80, inInterface: "eth0", tcpFlags: SYN, payloadBytes: 0, ...parts };
}

/** Last byte of the server that a packet went to; 0 for none. */
function sent(tracer: Tracer, parts: Partial<Packet>, timeMs = 0): number {
  return Number(tracer.send(packet(parts), timeMs).outcome.target?.ip.split(".")[3] ?? 0);
}

test("a tracer costs next to nothing until a virtual server is asked, whatever its scheduler's table", () => {
  const virtualServers = Array.from({ length: 2000 }, (_, index) =>
    virtual({ ip: `10.97.${index >> 8}.${index & 255}`, scheduler: "mh" }, 20),
  );
  const model = modelOf(virtual(), ...virtualServers);
  const startedAt = realClock.milliseconds();
  assert.notEqual(sent(tracerOf(model), {}), 0);
  // Tables for all of them take seconds.
  assert.ok(realClock.milliseconds() - startedAt < 400);
});

test("rr shares new connections exactly, whatever happens on old ones", () => {
  const tracer = tracerOf(modelOf(virtual()));
  const shares = [0, 0, 0, 0];
  for (let flow = 0; flow < 300; flow++) {
    const server = sent(tracer, { sourcePort: 10_000 + flow });
    shares[server] = (shares[server] as number) + 1;
    for (let more = 0; more < flow % 3; more++)
      assert.equal(sent(tracer, { sourcePort: 10_000 + flow, tcpFlags: ACK }), server);
  }
  assert.deepEqual(shares, [0, 100, 100, 100]);
});

test("a first packet costs two connection lookups, one service lookup, one scheduler step and one insert", () => {
  const { counts } = tracerOf(modelOf(virtual())).send(packet(), 0);
  assert.equal(counts.ipvsConnLookups, 2);
  assert.equal(counts.ipvsServiceLookups, 1);
  assert.equal(counts.hashNodesCompared, 1);
  assert.equal(counts.schedulerSteps, 1);
  assert.equal(counts.ipvsConnInserts, 1);
});

test("an established packet costs two connection lookups, its reply one, and neither a service lookup", () => {
  const tracer = tracerOf(modelOf(virtual()));
  const first = tracer.send(packet(), 0).outcome.target;
  assert.deepEqual(first, { ip: "10.1.0.3", port: 8080 });
  const reply = tracer.send(
    packet({
      source: "10.1.0.3",
      sourcePort: 8080,
      destination: "10.2.0.1",
      destinationPort: 40_000,
      tcpFlags: SYN | ACK,
    }),
    1,
  );
  assert.equal(reply.reply, true);
  assert.equal(reply.counts.ipvsConnLookups, 1);
  assert.equal(reply.outcome.masquerade, true, "its source became the virtual address");
  const second = tracer.send(packet({ tcpFlags: ACK }), 2);
  assert.deepEqual(second.outcome.target, first);
  assert.equal(second.counts.ipvsConnLookups, 2);
  assert.equal(second.counts.ipvsServiceLookups + reply.counts.ipvsServiceLookups, 0);
});

test("services of one bucket are compared newest first", () => {
  // Addresses that differ above the low byte share a bucket of the fixed table.
  const model = modelOf(...[1, 2, 3].map((octet) => virtual({ ip: `10.96.${octet}.7` })));
  const compared = [1, 2, 3].map(
    (octet) => tracerOf(model).send(packet({ destination: `10.96.${octet}.7` }), 0).counts.hashNodesCompared,
  );
  assert.deepEqual(compared, [3, 2, 1]);
});

test("affinity sends a client's connections to one server until its timeout has passed without a new one", () => {
  const tracer = tracerOf(modelOf(virtual({ persistentSeconds: 100 })));
  const server = sent(tracer, { sourcePort: 1 }, 0);
  for (const [port, timeMs] of [
    [2, 50_000],
    [3, 149_999],
    [4, 249_998],
  ] as const) {
    assert.equal(sent(tracer, { sourcePort: port }, timeMs), server, `at ${timeMs} ms`);
  }
  // Every new connection renewed it; the one at 249,998 to 349,998.
  assert.equal(
    sent(tracer, { source: "10.2.0.9", sourcePort: 5 }, 250_000),
    server - 1,
    "another client is scheduled",
  );
  assert.notEqual(sent(tracer, { sourcePort: 6 }, 349_998), server);
});

test("a connection outlives a second of idling less than its timeout, and no more", () => {
  const tracer = tracerOf(modelOf(virtual()));
  sent(tracer, {}, 0);
  assert.equal(sent(tracer, { tcpFlags: ACK }, 899_999), 3);
  // The refresh at 899,999 counts from there; after 900 s more IPVS knows the flow no longer and the host answers.
  const late = tracer.send(packet({ tcpFlags: ACK }), 1_799_999);
  assert.equal(late.outcome.verdict, "ACCEPT");
});

test("a client that reuses the port of a closed connection is scheduled anew once conntrack has forgotten it", () => {
  const tracer = tracerOf(modelOf(virtual()));
  assert.equal(sent(tracer, {}, 0), 3);
  assert.equal(sent(tracer, { tcpFlags: FIN | ACK }, 10), 3);
  assert.equal(sent(tracer, {}, 130_000), 2);
});

test("a SYN on a connection that ended is lost while conntrack knows the flow, and the next one is scheduled anew", () => {
  const tracer = tracerOf(modelOf(virtual()));
  const answer = { source: "10.1.0.3", sourcePort: 8080, destination: "10.2.0.1", destinationPort: 40_000 };
  assert.equal(sent(tracer, {}), 3);
  tracer.send(packet({ ...answer, tcpFlags: SYN | ACK }), 0);
  tracer.send(packet({ ...answer, tcpFlags: RST }), 0);
  assert.equal(sent(tracer, { tcpFlags: ACK }), 3);
  const { outcome } = tracer.send(packet(), 0);
  assert.deepEqual([outcome.verdict, outcome.reason], ["DROP", "no-endpoint"]);
  assert.equal(sent(tracer, {}), 2);
});

test("one side's FIN ends no connection: a SYN goes to its server, and to another when both sides have closed", () => {
  const tracer = tracerOf(modelOf(virtual()));
  const answer = { source: "10.1.0.3", sourcePort: 8080, destination: "10.2.0.1", destinationPort: 40_000 };
  const close = (from: Partial<Packet>) => tracer.send(packet({ ...from, tcpFlags: FIN | ACK }), 0);
  assert.equal(sent(tracer, {}), 3);
  tracer.send(packet({ ...answer, tcpFlags: SYN | ACK }), 0);
  close({});
  close({});
  assert.equal(sent(tracer, {}), 3);
  close({});
  close(answer);
  sent(tracer, { tcpFlags: ACK });
  assert.equal(sent(tracer, {}), 2);
});

test("sed counts no UDP flow: in the kernel they are never active", () => {
  const tracer = tracerOf(modelOf(virtual({ protocol: "udp", scheduler: "sed" }, 2)));
  const ports = [1, 2, 3];
  assert.deepEqual(
    ports.map((sourcePort) => sent(tracer, { protocol: "udp", tcpFlags: 0, sourcePort })),
    [2, 2, 2],
  );
  const tcp = tracerOf(modelOf(virtual({ scheduler: "sed" }, 2)));
  assert.deepEqual(
    ports.map((sourcePort) => sent(tcp, { sourcePort })),
    [2, 1, 2],
  );
});

test("lc counts connections, and stops counting those that expired", () => {
  const tracer = tracerOf(modelOf(virtual({ protocol: "udp", scheduler: "lc" }, 2)));
  const udp = { protocol: "udp", tcpFlags: 0 } as const;
  assert.deepEqual(
    [1, 2, 3].map((port) => sent(tracer, { ...udp, sourcePort: port }, 0)),
    [2, 1, 2],
  );
  // After 300 s all are gone: the list's head is the least again.
  assert.equal(sent(tracer, { ...udp, sourcePort: 4 }, 300_000), 2);
});

test("a service without servers rejects, a full table drops, a stranger's ACK is the host's", () => {
  const empty = tracerOf(modelOf(virtual({}, 0))).send(packet(), 0).outcome;
  assert.deepEqual([empty.verdict, empty.reason], ["REJECT", "no-endpoint"]);
  const small = tracerOf(modelOf(virtual()), 2);
  for (const sourcePort of [1, 2]) sent(small, { sourcePort });
  const full = small.send(packet({ sourcePort: 3 }), 0).outcome;
  assert.deepEqual([full.verdict, full.reason], ["DROP", "connections-full"]);
  const { outcome, counts } = tracerOf(modelOf(virtual())).send(packet({ tcpFlags: ACK }), 0);
  assert.equal(outcome.verdict, "ACCEPT");
  assert.equal(counts.ipvsServiceLookups, 0);
});

test("a packet made on the node is balanced behind OUTPUT", () => {
  const { outcome } = tracerOf(modelOf(virtual())).send(packet({ source: NODE, inInterface: null }), 0);
  assert.equal(outcome.target?.ip, "10.1.0.3");
});

test("what fits no flow is tracked once more behind IPVS: it may begin one there, beside the one of its SYN", () => {
  for (const from of [{ source: NODE, inInterface: null }, { source: "10.2.0.1" }] as const) {
    const tracer = tracerOf(modelOf(virtual({}, 1)));
    const ends = (trace: Trace) => [trace.sent?.sourcePort, trace.sent?.destination, trace.established];
    const first = tracer.send(packet(from), 0);
    assert.deepEqual(ends(first), [40_000, "10.1.0.1", false]);
    // Nobody answered the SYN, so the ACK is INVALID; as one to the server it opens a flow, whose port is taken.
    const second = tracer.send(packet({ ...from, tcpFlags: ACK }), 1);
    assert.deepEqual(ends(second), [40_001, "10.1.0.1", false]);
    assert.deepEqual([second.counts.ctLookups, second.counts.ctInserts], [2, 1]);
    const third = tracer.send(packet({ ...from, tcpFlags: ACK }), 2);
    assert.deepEqual(ends(third), [40_001, "10.1.0.1", true]);
  }
});

test("a packet for a server on the node itself is delivered there: no rule behind INPUT sees it", () => {
  const ruleset = emptyRuleset("IPv4");
  const masquerading = rule({ target: masquerade({ randomFully: false }) });
  ruleset.tables.get("nat")?.chains.get("POSTROUTING")?.rules.push(masquerading);
  const to = (ip: string) => {
    const model = modelOf(virtual({ realServers: [{ ip, port: 6443, weight: 1 }] }));
    return tracerOf({ ...model, ruleset }).send(packet(), 0);
  };
  const [here, elsewhere] = [to(NODE), to("192.168.0.3")];
  assert.deepEqual(here.outcome.target, { ip: NODE, port: 6443 });
  assert.deepEqual([here.outcome.masquerade, here.counts.rulesEvaluated], [false, 0]);
  assert.deepEqual([elsewhere.outcome.masquerade, elsewhere.counts.rulesEvaluated], [true, 1]);
});

test("every server with a weight is a possible target, whichever comes next", () => {
  const server = virtual({
    realServers: [
      { ip: "10.1.0.1", port: 1, weight: 1 },
      { ip: "10.1.0.2", port: 1, weight: 0 },
    ],
  });
  assert.deepEqual(
    ipvsTargetSet(server).map(({ ip }) => ip),
    ["10.1.0.1"],
  );
  assert.deepEqual(ipvsPossibleTargets(modelOf(server), packet())?.length, 1);
  assert.equal(ipvsPossibleTargets(modelOf(server), packet({ destinationPort: 81 })), null);
});
