// What an iptables image costs, how it is changed in place, and which rules it refuses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { present } from "../../base/assert.js";
import { PlumbError } from "../../base/errors.js";
import { ipText, ipWords, parseCidr } from "../../base/ip.js";
import type { Chain, Rule } from "../../netfilter/iptables/model.js";
import { emptyRuleset, rule } from "../../netfilter/iptables/ruleset.js";
import { PROTOCOL_NUMBERS } from "../../netfilter/packet.js";
import { PacketColumns } from "../../netfilter/packet-columns.js";
import type { IptablesModel } from "../../netfilter/rule-model.js";
import { createEvaluator } from "../evaluator.js";
import { encodeIptables } from "./encode.js";
import { resolveInterface } from "./interfaces.js";

const OPTIONS = { ipvsTables: "fixed", ipvsConnectionsMax: 1024, affinityClientsMax: 128 } as const;

function dropTo(index: number): Rule {
  const destination = {
    value: present(parseCidr(ipText([0x0a000000 + index, 0, 0, 0], "IPv4")), "cidr"),
    negated: false,
  };
  return rule({
    destination,
    matches: [{ kind: "comment", text: `${index}` }],
    target: { kind: "drop", options: "" },
  });
}

function modelOf(chains: readonly Chain[]): IptablesModel {
  const ruleset = emptyRuleset("IPv4");
  const filter = present(ruleset.tables.get("filter"), "filter").chains;
  for (const chain of chains) filter.set(chain.name, chain);
  filter.get("FORWARD")?.rules.push(rule({ target: { kind: "jump", chain: "LIST" } }));
  return { mode: "iptables", family: "IPv4", localAddresses: [], ruleset, ipsets: [] };
}

const listOf = (rules: Rule[]): Chain => ({ name: "LIST", policy: null, rules });

function packetsTo(indexes: readonly number[]): PacketColumns {
  const columns = new PacketColumns("IPv4", indexes.length);
  for (const [packet, index] of indexes.entries()) {
    columns.source.set(ipWords("10.200.0.1"), packet * 4);
    columns.destination[packet * 4] = 0x0a000000 + index;
    columns.sourcePort[packet] = packet;
    columns.protocol[packet] = PROTOCOL_NUMBERS.udp;
  }
  return columns;
}

test("a rule takes its stride in the image and little else, for match lists are shared", () => {
  const rules = Array.from({ length: 20_000 }, (_, index) => dropTo(index));
  const small = encodeIptables(modelOf([listOf([])]), OPTIONS).image.bytes.length;
  const large = encodeIptables(modelOf([listOf(rules)]), OPTIONS).image.bytes.length;
  assert.ok((large - small) / rules.length < 33, `${(large - small) / rules.length} bytes per rule`);
});

test("a chain is replaced in place, and churn does not grow the image without end", () => {
  const encoder = encodeIptables(modelOf([listOf([dropTo(1)])]), OPTIONS);
  const evaluator = createEvaluator(encoder.image, { conntrackMax: 64, packetsMax: 4, seed: 1 });
  const verdicts = () => {
    evaluator.replaceImage(encoder.image);
    evaluator.reset();
    evaluator.load(packetsTo([1, 2, 3]));
    evaluator.evaluate();
    return [0, 1, 2].map((index) => evaluator.results.verdict(index));
  };
  assert.deepEqual(verdicts(), ["DROP", "ACCEPT", "ACCEPT"]);
  const replace = (rules: Rule[]) =>
    encoder.update({ mode: "iptables", chains: [{ table: "filter", chain: listOf(rules) }], removed: [] });
  replace([dropTo(2), dropTo(3)]);
  assert.deepEqual(verdicts(), ["ACCEPT", "DROP", "DROP"]);
  replace([]);
  assert.deepEqual(verdicts(), ["ACCEPT", "ACCEPT", "ACCEPT"]);
  const before = encoder.image.bytes.length;
  for (let round = 0; round < 500; round++) {
    replace(Array.from({ length: round % 40 }, (_, index) => dropTo(index)));
    const chain = { name: `S${round}`, policy: null, rules: [dropTo(round)] };
    encoder.update({ mode: "iptables", chains: [{ table: "filter", chain }], removed: [] });
    encoder.update({ mode: "iptables", chains: [], removed: [{ table: "filter", name: chain.name }] });
  }
  assert.ok(
    encoder.image.bytes.length - before < 40 * 32 * 10,
    `grew by ${encoder.image.bytes.length - before} bytes`,
  );
});

test("a jump to a chain that is not there is refused by name", () => {
  const lost = listOf([rule({ target: { kind: "jump", chain: "GONE" } })]);
  assert.throws(
    () => encodeIptables(modelOf([lost]), OPTIONS),
    (error: unknown) =>
      error instanceof PlumbError && error.code === "InvalidInput" && error.message.includes("'GONE'"),
  );
});

test("resolveInterface finds the name itself, else the longest prefix", () => {
  const names = ["", "eth0", "veth+", "veth1+", "+"];
  assert.deepEqual(
    ["eth0", "veth9", "veth12", "lo"].map((name) => names[resolveInterface(names, name)]),
    ["eth0", "veth+", "veth1+", "+"],
  );
  assert.equal(resolveInterface(["", "eth0"], "eth1"), 0);
});
