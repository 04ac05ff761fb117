// Random rules: what we print we read back alike, and the real iptables loads it and lists it as printSavedRule does.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { type Cidr, ipText, parseCidr } from "../../base/ip.js";
import { Prng } from "../../base/prng.js";
import type { IptablesRuleset, Match, Negatable, Rule, Target } from "./model.js";
import { parseIptablesSave } from "./parse.js";
import * as make from "./ruleset.js";
import { printRestore, printSavedRule } from "./text.js";

const COMMENTS = [
  "plain",
  "ns/svc:http",
  "two words",
  'say "hi"',
  "back\\slash",
  "it's",
  "-m tcp",
  "!",
  "a  b",
  "ünï",
];

function randomRule(prng: Prng): Rule {
  const protocol = prng.pick([null, "tcp", "udp", "sctp", "icmp", "vrrp", "47"]);
  const maybe = <T>(make: () => T): T | null => (prng.below(3) === 0 ? make() : null);
  const negatable = <T>(value: T): Negatable<T> => ({ value, negated: prng.below(4) === 0 });
  const hasPorts = protocol === "tcp" || protocol === "udp" || protocol === "sctp";
  return make.rule({
    source: maybe(() => negatable(randomCidr(prng))),
    destination: maybe(() => negatable(randomCidr(prng))),
    inInterface: maybe(() => negatable(prng.pick(["eth0", "veth+"]))),
    protocol:
      protocol === null
        ? null
        : { value: protocol, negated: !hasPorts && protocol !== "icmp" && prng.below(4) === 0 },
    matches: prng.shuffled(randomMatches(prng, protocol)),
    target: randomTarget(prng, protocol),
  });
}

function randomCidr(prng: Prng): Cidr {
  return parseCidr(`${ipText([prng.next32(), 0, 0, 0], "IPv4")}/${prng.pick([8, 16, 24, 31, 32])}`)!;
}

function randomMatches(prng: Prng, protocol: string | null): Match[] {
  const negated = () => prng.below(4) === 0;
  const range = () => ({ first: prng.below(100), last: 100 + prng.below(65000) });
  const pool: (() => Match)[] = [
    () => make.comment(prng.pick(COMMENTS)),
    () =>
      make.conntrack(prng.pick([["NEW"], ["RELATED", "ESTABLISHED"], ["INVALID", "SNAT", "DNAT"]]), {
        negated: negated(),
      }),
    () => ({ kind: "conntrack", states: { value: ["NEW"], negated: negated() }, legacyState: true }),
    () => make.markBits(prng.next32(), { negated: negated() }),
    () => ({ kind: "mark", mark: { value: { value: 1, mask: 0xffffffff }, negated: negated() } }),
    () => make.addressType(prng.pick(["source", "destination"]), prng.pick(["LOCAL", "UNICAST"])),
    () => make.randomMatch(prng.unit().toFixed(10), negated()),
    () => ({
      kind: "statistic",
      mode: "nth",
      every: 2 + prng.below(5),
      packet: prng.below(2),
      negated: negated(),
    }),
    () => ({
      kind: "recent",
      name: prng.pick(["A", "KUBE-SEP-X"]),
      operation: prng.pick(["rcheck", "update"]),
      negated: negated(),
      seconds: 1 + prng.below(100),
      reap: prng.below(2) === 0,
      hitcount: prng.pick([null, 3]),
      side: prng.pick(["source", "destination"]),
    }),
    () => ({
      kind: "iprange",
      source: { value: { first: "10.0.0.1", last: "10.0.0.9" }, negated: negated() },
      destination: null,
    }),
    () => ({ kind: "opaque", extension: "limit", text: "--limit 3/min --limit-burst 10", assumed: false }),
  ];
  if (protocol === "tcp" || protocol === "udp" || protocol === "sctp") {
    const tcpFlags =
      protocol === "tcp" && prng.below(2) === 0 ? { value: 2, mask: 23, negated: negated() } : null;
    const destination = { value: [range()], negated: negated() };
    pool.push(() => ({
      kind: "port",
      extension: protocol,
      source: null,
      destination,
      either: null,
      tcpFlags,
    }));
    const either = { value: [range(), { first: 80, last: 80 }], negated: negated() };
    pool.push(() => ({
      kind: "port",
      extension: "multiport",
      source: null,
      destination: null,
      either,
      tcpFlags: null,
    }));
  }
  if (protocol === "icmp")
    pool.push(() => ({ kind: "icmp", extension: "icmp", type: { value: "8", negated: negated() } }));
  return prng
    .shuffled(pool)
    .slice(0, prng.below(4))
    .map((each) => each());
}

function randomTarget(prng: Prng, protocol: string | null): Target | null {
  const mark = prng.next32();
  const pool: (Target | null)[] = [
    null,
    make.accept,
    make.returnToCaller,
    make.jump("OTHER"),
    { kind: "goto", chain: "OTHER" },
    make.orMark(mark),
    make.xorMark(mark),
    { kind: "mark", value: 1, mask: 0xff, text: "--set-xmark 0x1/0xff" },
    { kind: "continue", name: "LOG", options: '--log-prefix "a b " --log-level 7' },
  ];
  if (protocol === "tcp" || protocol === "udp") {
    pool.push(make.dnatTo("10.0.0.1", 80), make.masquerade({ randomFully: true }));
    pool.push({ kind: "redirect", ports: { first: 80, last: 90 }, options: "" });
    pool.push({
      kind: "dnat",
      to: { first: "10.0.0.1", last: "10.0.0.9", ports: null },
      options: "--persistent",
    });
  }
  return prng.pick(pool);
}

function randomRuleset(seed: number, count: number): IptablesRuleset {
  const prng = new Prng(seed);
  const ruleset = make.emptyRuleset("IPv4");
  const { chains } = ruleset.tables.get("nat")!;
  const rules = Array.from({ length: count }, () => randomRule(prng));
  chains.set("RANDOM", { name: "RANDOM", policy: null, rules });
  chains.set("OTHER", { name: "OTHER", policy: null, rules: [] });
  return ruleset;
}

const restoreText = (ruleset: IptablesRuleset) => [...printRestore(ruleset, { tables: ["nat"] })].join("");

test("parseIptablesSave reads back every rule that printRestore writes", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const ruleset = randomRuleset(seed, 100);
    const text = restoreText(ruleset);
    const read = parseIptablesSave({ file: `seed ${seed}`, text, family: "IPv4" }).ruleset;
    const rules = (from: IptablesRuleset) => from.tables.get("nat")!.chains.get("RANDOM")!.rules;
    for (const [index, rule] of rules(ruleset).entries()) {
      assert.deepEqual(
        rules(read)[index],
        rule,
        `seed ${seed} rule ${index}: ${text.split("\n")[index + 7]}`,
      );
    }
    assert.deepEqual(read, ruleset, `seed ${seed}`);
  }
});

const probe = spawnSync("unshare", ["-n", "iptables-legacy-save"]);
const skip =
  probe.status === 0
    ? false
    : `cannot run iptables-legacy in a network namespace: ${probe.error ?? probe.stderr}`;

test("the real iptables loads random rules and lists them as printSavedRule does", { skip }, () => {
  const seed = 99;
  const ruleset = randomRuleset(seed, 400);
  const run = spawnSync("unshare", ["-n", "sh", "-c", "iptables-legacy-restore && iptables-legacy-save"], {
    input: restoreText(ruleset),
  });
  assert.equal(run.status, 0, `seed ${seed}: ${run.stderr}`);
  const listed = run.stdout
    .toString()
    .split("\n")
    .filter((line) => line.startsWith("-A RANDOM"));
  const expected = ruleset.tables
    .get("nat")!
    .chains.get("RANDOM")!
    .rules.map((rule) => printSavedRule("RANDOM", rule, "IPv4"));
  for (const [index, line] of expected.entries())
    assert.equal(line, listed[index], `seed ${seed} rule ${index}`);
  assert.equal(listed.length, expected.length);
});
