import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { type Packet, TCP_FLAGS } from "../packet.js";
import type { NftablesModel } from "../rule-model.js";
import { SeededChance } from "../tracer/chance.js";
import type { Trace } from "../tracer/trace.js";
import type { NftChain, NftStatement, NftVerdict } from "./model.js";
import { createNftTracer } from "./tracer.js";

const PACKET: Packet = {
  protocol: "tcp",
  source: "10.0.0.1",
  sourcePort: 40_000,
  destination: "10.0.0.2",
  destinationPort: 80,
  inInterface: "eth0",
  tcpFlags: TCP_FLAGS.SYN,
  payloadBytes: 0,
};

test("goto does not come back, jump does, and return ends a chain", () => {
  const trace = send([
    forward(0, [verdict("jump", "a")], [verdict("drop")]),
    chain("a", [verdict("goto", "b")], [verdict("reject")]),
    chain("b", [verdict("jump", "c")]),
    chain("c", [verdict("return")], [verdict("reject")]),
  ]);
  // a's second rule is passed over: b was entered by goto, so its end returns to the chain that jumped to a.
  assert.deepEqual(trace.outcome, { verdict: "DROP", reason: "rule", target: null, masquerade: false });
  assert.deepEqual(places(trace), ["nft/forward-0/1", "nft/a/1", "nft/b/1", "nft/c/1", "nft/forward-0/2"]);
  assert.equal(trace.counts.chainJumps, 3);
});

test("accept ends one base chain, and the next one of the hook still runs", () => {
  const trace = send([
    forward(10, [verdict("drop")]),
    forward(-10, [verdict("accept")], [verdict("reject")]),
  ]);
  assert.equal(trace.outcome.verdict, "DROP");
  assert.deepEqual(places(trace), ["nft/forward--10/1", "nft/forward-10/1"]);
});

test("the sixteenth jump may be open, the seventeenth drops the packet", () => {
  const deep = (jumps: number) =>
    send([
      forward(0, [verdict("jump", "d1")]),
      ...Array.from({ length: jumps }, (_, index) =>
        chain(`d${index + 1}`, ...(index + 1 < jumps ? [[verdict("jump", `d${index + 2}`)]] : [])),
      ),
    ]).outcome;
  assert.deepEqual(deep(16), { verdict: "ACCEPT", reason: "none", target: null, masquerade: false });
  assert.deepEqual(deep(17), { verdict: "DROP", reason: "chain-too-deep", target: null, masquerade: false });
});

test("the first statement that fails ends the rule, and those behind it cost nothing", () => {
  const { counts } = send([
    forward(
      0,
      [
        { kind: "match", field: "ip saddr", negated: false, values: ["10.0.0.0/24"] },
        { kind: "match", field: "th dport", negated: false, values: ["81"] },
        { kind: "setmark", operation: "or", value: 1 },
      ],
      [
        { kind: "match", field: "iifname", negated: true, values: ["eth*"] },
        { kind: "fib", side: "daddr", type: "local", negated: false },
      ],
    ),
  ]);
  const { rulesEvaluated, headerMisses, portMatches, markSets, fibLookups } = counts;
  assert.deepEqual(
    { rulesEvaluated, headerMisses, portMatches, markSets, fibLookups },
    { rulesEvaluated: 2, headerMisses: 1, portMatches: 1, markSets: 0, fibLookups: 0 },
  );
});

test("steps say where a packet was, which rule held and what it did", () => {
  const trace = send([
    forward(
      0,
      [{ kind: "setmark", operation: "or", value: 0x4000 }],
      [{ kind: "mark", mask: 0x4000, value: 0, negated: true }, verdict("drop")],
    ),
  ]);
  assert.deepEqual(
    trace.steps.filter(({ place }) => place.startsWith("nft/")),
    [
      { place: "nft/forward-0/1", text: "mark set mark or 0x00004000", matched: true, effect: "mark 0x4000" },
      { place: "nft/forward-0/2", text: "mark and 0x00004000 != 0 drop", matched: true, effect: "drop" },
    ],
  );
});

function send(chains: readonly NftChain[]): Trace {
  const table = {
    family: "IPv4" as const,
    name: "t",
    comment: null,
    sets: new Map(),
    maps: new Map(),
    chains: new Map(chains.map((item) => [item.name, item])),
  };
  const model: NftablesModel = { mode: "nftables", family: "IPv4", localAddresses: ["192.168.0.2"], table };
  return createNftTracer(model, { chance: new SeededChance(new Prng(1)), steps: true, conntrackMax: 4 }).send(
    PACKET,
    0,
  );
}

function places({ steps }: Trace): string[] {
  return steps.map(({ place }) => place).filter((place) => place.startsWith("nft/"));
}

function forward(priority: number, ...rules: readonly (readonly NftStatement[])[]): NftChain {
  return { ...chain(`forward-${priority}`, ...rules), base: { type: "filter", hook: "forward", priority } };
}

function chain(name: string, ...rules: readonly (readonly NftStatement[])[]): NftChain {
  return {
    name,
    base: null,
    comment: null,
    rules: rules.map((statements) => ({ statements, comment: null })),
  };
}

function verdict(kind: NftVerdict["kind"], target = ""): NftStatement {
  if (kind === "jump" || kind === "goto") return { kind: "verdict", verdict: { kind, chain: target } };
  return { kind: "verdict", verdict: { kind } };
}
