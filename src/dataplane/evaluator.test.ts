// The core through its public face, on rulesets small enough to count by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCidr } from "../base/ip.js";
import { zeroCounts } from "../netfilter/counters.js";
import type { Chain, IptablesRuleset, Match, Rule, TableName, Target } from "../netfilter/iptables/model.js";
import { PROTOCOL_NUMBERS, TCP_FLAGS } from "../netfilter/packet.js";
import { PacketColumns } from "../netfilter/packet-columns.js";
import { ipWords } from "../base/ip.js";
import type { IptablesModel } from "../netfilter/rule-model.js";
import { createEvaluator } from "./evaluator.js";
import { encodeIptables } from "./iptables/encode.js";

const OPTIONS = { ipvsTables: "fixed", ipvsConnectionsMax: 1024, affinityClientsMax: 128 } as const;

function rule(parts: {
  to?: string;
  from?: string;
  protocol?: string;
  matches?: Match[];
  target: Target | null;
}): Rule {
  const cidr = (text: string | undefined) =>
    text === undefined ? null : { value: parseCidr(text)!, negated: false };
  return {
    source: cidr(parts.from),
    destination: cidr(parts.to),
    inInterface: null,
    outInterface: null,
    protocol: parts.protocol ? { value: parts.protocol, negated: false } : null,
    matches: parts.matches ?? [],
    target: parts.target,
  };
}

function model(tables: Partial<Record<TableName, Chain[]>>): IptablesModel {
  const ruleset: IptablesRuleset = { family: "IPv4", tables: new Map() };
  for (const [name, chains] of Object.entries(tables) as [TableName, Chain[]][]) {
    ruleset.tables.set(name, { name, chains: new Map(chains.map((chain) => [chain.name, chain])) });
  }
  return { mode: "iptables", family: "IPv4", localAddresses: ["10.0.0.1", "127.0.0.1"], ruleset, ipsets: [] };
}

function port(first: number): Match {
  const destination = { value: [{ first, last: first }], negated: false };
  return { kind: "port", extension: "tcp", source: null, destination, either: null, tcpFlags: null };
}

function packets(
  list: readonly { from: string; to: string; ports: [number, number]; flags: number; ms: number }[],
): PacketColumns {
  const columns = new PacketColumns("IPv4", list.length);
  for (const [index, packet] of list.entries()) {
    columns.source.set(ipWords(packet.from), index * 4);
    columns.destination.set(ipWords(packet.to), index * 4);
    columns.sourcePort[index] = packet.ports[0];
    columns.destinationPort[index] = packet.ports[1];
    columns.protocol[index] = PROTOCOL_NUMBERS.tcp;
    columns.tcpFlags[index] = packet.flags;
    columns.timeMs[index] = packet.ms;
  }
  return columns;
}

const NAT: Chain[] = [
  { name: "PREROUTING", policy: "ACCEPT", rules: [rule({ target: { kind: "jump", chain: "SERVICES" } })] },
  {
    name: "SERVICES",
    policy: null,
    rules: [
      ...Array.from({ length: 9 }, (_, index) =>
        rule({
          to: `10.96.1.${index}`,
          protocol: "tcp",
          matches: [port(80)],
          target: { kind: "jump", chain: "SVC" },
        }),
      ),
      rule({
        to: "10.96.0.1",
        protocol: "tcp",
        matches: [{ kind: "comment", text: "x" }, port(80)],
        target: { kind: "jump", chain: "SVC" },
      }),
    ],
  },
  {
    name: "SVC",
    policy: null,
    rules: [
      rule({
        protocol: "tcp",
        target: {
          kind: "dnat",
          to: { first: "10.1.0.7", last: "10.1.0.7", ports: { first: 8080, last: 8080 } },
          options: "",
        },
      }),
    ],
  },
];

test("a first packet is translated, its reply and its successor follow without nat rules", () => {
  const evaluator = createEvaluator(encodeIptables(model({ nat: NAT }), OPTIONS).image, {
    conntrackMax: 16,
    packetsMax: 8,
    seed: 1,
  });
  const { SYN, ACK } = TCP_FLAGS;
  evaluator.load(
    packets([
      { from: "10.1.0.9", to: "10.96.0.1", ports: [40000, 80], flags: SYN, ms: 0 },
      { from: "10.1.0.7", to: "10.1.0.9", ports: [8080, 40000], flags: SYN | ACK, ms: 1 },
      { from: "10.1.0.9", to: "10.96.0.1", ports: [40000, 80], flags: ACK, ms: 2 },
    ]),
  );
  evaluator.evaluate();
  const { results } = evaluator;
  assert.deepEqual(results.outcome(0), {
    verdict: "DNAT",
    reason: "none",
    target: { ip: "10.1.0.7", port: 8080 },
    masquerade: false,
  });
  assert.deepEqual(results.source(1), { ip: "10.96.0.1", port: 80 });
  assert.deepEqual(results.target(2), { ip: "10.1.0.7", port: 8080 });
  assert.equal(results.isEstablished(2), true);
  assert.equal(results.rulesEvaluated(0), 12);
  assert.equal(results.rulesEvaluated(2), 0);
  assert.deepEqual(evaluator.counters(), {
    ...zeroCounts(),
    rulesEvaluated: 12,
    headerMisses: 9,
    commentMatches: 1,
    portMatches: 1,
    chainJumps: 2,
    dnatTargets: 1,
    ctLookups: 3,
    ctInserts: 1,
    natTupleSearches: 1,
  });
});
