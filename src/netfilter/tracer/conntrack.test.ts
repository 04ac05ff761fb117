import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { TCP_FLAGS } from "../packet.js";
import { Conntrack, type Connection, inverse, type Tuple, tupleText } from "./conntrack.js";
import { KERNEL_TIMEOUTS } from "./conntrack-timeouts.js";

const { SYN, ACK, FIN, RST } = TCP_FLAGS;
const FLAGS: Readonly<Record<string, number>> = {
  S: SYN,
  SA: SYN | ACK,
  A: ACK,
  FA: FIN | ACK,
  R: RST,
  none: 0,
};

const flow = (sourcePort: number, protocol: Tuple["protocol"] = "tcp"): Tuple => ({
  protocol,
  source: "10.0.0.1",
  sourcePort,
  destination: "10.0.0.2",
  destinationPort: 80,
});

/** Open and confirm a flow. */
function open(table: Conntrack, tuple: Tuple, nowMs: number): Connection {
  const tracked = table.track(tuple, SYN, nowMs);
  assert.ok(tracked.kind === "draft", tracked.kind);
  table.confirm(tracked.connection);
  return tracked.connection;
}

/**
 * Run a transcript: "0 > S NEW SS" is time (s), direction (> original, < reply), flags, what the rules would see and
 * the state after. "-" instead of a state: INVALID.
 */
function replay(lines: readonly string[], options = { entriesMax: 10, timeouts: KERNEL_TIMEOUTS }): void {
  const table = new Conntrack(options);
  for (const line of lines) {
    const [seconds = "", direction, flags = "", ctState, tcpState] = line.split(" ");
    const tuple = direction === ">" ? flow(4000) : inverse(flow(4000));
    const tracked = table.track(tuple, FLAGS[flags] ?? 0, Number(seconds) * 1000);
    if (tracked.kind === "draft") table.confirm(tracked.connection);
    const seen =
      tracked.kind === "invalid" || tracked.kind === "full"
        ? "INVALID -"
        : `${tracked.kind === "known" && tracked.connection.seenReply ? "ESTABLISHED" : "NEW"} ${tracked.connection.tcpState}`;
    assert.equal(seen, `${ctState} ${tcpState}`, line);
  }
}

test("Conntrack follows a TCP connection from SYN to TIME_WAIT, and lets a SYN open it anew", () => {
  replay([
    "0 > S NEW SS",
    "1 > S NEW SS",
    "2 < SA ESTABLISHED SR",
    "3 > A ESTABLISHED ES",
    "4 < A ESTABLISHED ES",
    "5 > FA ESTABLISHED FW",
    "6 < A ESTABLISHED CW",
    "7 < FA ESTABLISHED LA",
    "8 > A ESTABLISHED TW",
    "9 > S NEW SS",
  ]);
});

test("Conntrack forgets a connection that was reset before anything was replied", () => {
  replay(["0 > S NEW SS", "0 < R ESTABLISHED CL", "0 > A NEW ES"]);
  replay(["0 > S NEW SS", "0 > R NEW CL", "0 < SA INVALID -"]);
  replay(["0 > S NEW SS", "0 < SA ESTABLISHED SR", "0 < R ESTABLISHED CL", "0 > A ESTABLISHED CL"]);
});

test("Conntrack does not wait longer for a SYN said again, nor for what the state ignores", () => {
  replay(["0 > S NEW SS", "100 > S NEW SS", "119.999 < SA ESTABLISHED SR"]);
  replay(["0 > S NEW SS", "0 < SA ESTABLISHED SR", "50 < SA ESTABLISHED SR", "60 > A NEW ES"]);
});

test("Conntrack keeps each TCP state for its own timeout, and no longer", () => {
  const established = ["0 > S NEW SS", "0 < SA ESTABLISHED SR", "0 > A ESTABLISHED ES"];
  replay(["0 > S NEW SS", "119.999 > S NEW SS", "120 < SA INVALID -"]);
  replay(["0 > S NEW SS", "120 < SA INVALID -"]);
  replay([...established.slice(0, 2), "59.999 > A ESTABLISHED ES"]);
  replay([...established.slice(0, 2), "60 > A NEW ES"]);
  replay([...established, "431999 > A ESTABLISHED ES"]);
  replay([...established, "432000 > A NEW ES"]);
  replay([...established, "0 > R ESTABLISHED CL", "9.999 > A ESTABLISHED CL"]);
  replay([...established, "0 > R ESTABLISHED CL", "10 < A NEW ES"]);
  replay([...established, "0 > FA ESTABLISHED FW", "0 < A ESTABLISHED CW", "59 > A ESTABLISHED CW"]);
  replay([...established, "0 > FA ESTABLISHED FW", "0 < A ESTABLISHED CW", "60 > A NEW ES"]);
});

test("Conntrack lets a SYN open a reset connection anew only right behind a RST of its own side", () => {
  const opened = ["0 > S NEW SS", "0 < SA ESTABLISHED SR"];
  replay([...opened, "0 > R ESTABLISHED CL", "0 > S NEW SS"]);
  replay([...opened, "0 > R ESTABLISHED CL", "0 > A ESTABLISHED CL", "0 > S ESTABLISHED CL"]);
  replay([...opened, "0 < R ESTABLISHED CL", "0 > S ESTABLISHED CL"]);
  replay([...opened, "0 > FA ESTABLISHED FW", "0 < R ESTABLISHED CL", "0 > S NEW SS"]);
});

test("Conntrack refuses TCP that cannot begin a connection, but picks up a bare ACK", () => {
  for (const flags of ["SA", "FA", "R", "none"]) replay([`0 > ${flags} INVALID -`]);
  replay(["0 > A NEW ES", "1 < A ESTABLISHED ES"]);
});

test("Conntrack calls a packet that fits no transition INVALID and changes nothing", () => {
  replay([
    "0 > S NEW SS",
    "1 > A INVALID -",
    "2 > SA INVALID -",
    "3 < SA ESTABLISHED SR",
    "4 > none INVALID -",
  ]);
});

test("Conntrack times UDP by whether it was answered, SCTP and ICMP by one number", () => {
  const table = new Conntrack({ entriesMax: 10 });
  const udp = flow(1, "udp");
  assert.equal(open(table, udp, 0).deadlineMs, 30_000);
  table.track(inverse(udp), 0, 1000);
  const again = table.track(udp, 0, 2000);
  assert.equal(again.kind === "known" && again.connection.deadlineMs, 122_000);
  assert.equal(open(table, flow(1, "sctp"), 0).deadlineMs, 600_000);
  assert.equal(open(table, flow(0, "icmp"), 0).deadlineMs, 30_000);
});

test("Conntrack says full when no room is left, and makes room of expired connections only", () => {
  const table = new Conntrack({ entriesMax: 2 });
  open(table, flow(1), 0);
  open(table, flow(2), 60_000);
  assert.equal(table.track(flow(3), SYN, 119_999).kind, "full");
  assert.equal(table.track(flow(3), SYN | ACK, 119_999).kind, "invalid", "an INVALID packet needs no room");
  assert.equal(table.track(flow(3), SYN, 120_000).kind, "draft");
  assert.equal(table.count, 1);
});

test("Conntrack shows a draft to nobody until it is confirmed", () => {
  const table = new Conntrack({ entriesMax: 2 });
  assert.equal(table.track(flow(1), SYN, 0).kind, "draft");
  assert.equal(table.track(inverse(flow(1)), SYN | ACK, 0).kind, "invalid");
  assert.equal(table.count, 0);
});

const draftOf = (table: Conntrack, source: string, sourcePort: number): Connection => {
  const tracked = table.track({ ...flow(sourcePort), source }, SYN, 0);
  assert.ok(tracked.kind === "draft");
  return tracked.connection;
};

test("bindSource keeps the port while the reply tuple is free, else counts up to the next free one", () => {
  const table = new Conntrack({ entriesMax: 10 });
  const bind = (client: string, port: number) => {
    const draft = draftOf(table, client, port);
    const tried = table.bindSource(draft, "192.168.0.10", null, 0);
    table.confirm(draft);
    return [tried, draft.reply.destinationPort];
  };
  assert.deepEqual(bind("10.1.0.1", 4000), [1, 4000]);
  assert.deepEqual(bind("10.1.0.2", 4000), [2, 4001]);
  assert.deepEqual(bind("10.1.0.3", 4000), [3, 4002]);
  assert.deepEqual(bind("10.1.0.3", 65535), [1, 65535]);
  assert.deepEqual(bind("10.1.0.4", 65535), [2, 1024]);
  assert.deepEqual(bind("10.1.0.4", 500), [1, 500]);
  assert.deepEqual(bind("10.1.0.5", 500), [3, 1025], "from below the range it goes on at the range's bottom");
});

test("bindSource stays in a range, starts at its bottom from outside, and gives up when all ports are taken", () => {
  const table = new Conntrack({ entriesMax: 10 });
  const ports = { first: 2000, last: 2001 };
  const bind = (client: string) => {
    const draft = draftOf(table, client, 4000);
    const tried = table.bindSource(draft, "192.168.0.10", ports, 0);
    if (tried !== null) table.confirm(draft);
    return tried === null ? null : draft.reply.destinationPort;
  };
  assert.deepEqual([bind("10.1.0.1"), bind("10.1.0.2"), bind("10.1.0.3")], [2000, 2001, null]);
});

test("Conntrack keeps its invariants under random packets: bounded, findable from both sides, no tuple twice", () => {
  const seed = 7;
  const prng = new Prng(seed);
  const table = new Conntrack({ entriesMax: 20 });
  let live: Connection[] = [];
  let nowMs = 0;
  for (let step = 0; step < 3000; step++) {
    nowMs += prng.below(4000);
    const tuple = flow(prng.below(40), prng.pick(["tcp", "udp"] as const));
    const sent = prng.below(3) === 0 ? inverse(tuple) : tuple;
    const tracked = table.track(sent, prng.pick(Object.values(FLAGS)), nowMs);
    const context = `seed ${seed} step ${step}`;
    live = live.filter(({ deadlineMs }) => deadlineMs > nowMs);
    if (tracked.kind === "draft") {
      // A connection with this tuple was opened anew.
      live = live.filter(
        ({ original, reply }) => ![original, reply].some((known) => tupleText(known) === tupleText(sent)),
      );
      table.confirm(tracked.connection);
      live.push(tracked.connection);
    }
    assert.ok(table.count <= 20, context);
    const tuples = live.flatMap(({ original, reply }) => [original, reply]);
    assert.equal(new Set(tuples.map(tupleText)).size, tuples.length, context);
    assert.ok(
      tuples.every((known) => table.isTaken(known, nowMs)),
      context,
    );
  }
});
