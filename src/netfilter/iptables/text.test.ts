import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseCidr } from "../../base/ip.js";
import { sourcePath } from "../../base/source-path.js";
import type { Rule } from "./model.js";
import { parseIptablesSave } from "./parse.js";
import * as make from "./ruleset.js";
import { printChainLine, printRestore, printRule, printSave, printSavedRule } from "./text.js";

const cidr = (text: string) => parseCidr(text)!;

/** Every form of rule that kube-proxy writes, and what iptables-save makes of it. */
const FORMS: readonly { rule: Partial<Rule>; restore: string; save: string }[] = [
  {
    rule: {
      destination: make.address(cidr("10.96.0.1")),
      protocol: make.protocol("tcp"),
      matches: [make.comment("ns/svc:p cluster IP"), make.port("tcp", 80)],
      target: make.jump("KUBE-SVC-X"),
    },
    restore: '-m comment --comment "ns/svc:p cluster IP" -m tcp -p tcp -d 10.96.0.1 --dport 80 -j KUBE-SVC-X',
    save: '-d 10.96.0.1/32 -p tcp -m comment --comment "ns/svc:p cluster IP" -m tcp --dport 80 -j KUBE-SVC-X',
  },
  {
    rule: {
      source: make.address(cidr("10.0.0.0/8"), { negated: true }),
      destination: make.address(cidr("10.96.0.1")),
      protocol: make.protocol("tcp"),
      matches: [make.comment("ns/svc:p cluster IP"), make.port("tcp", 80)],
      target: make.jump("KUBE-MARK-MASQ"),
    },
    restore:
      '-m comment --comment "ns/svc:p cluster IP" -m tcp -p tcp -d 10.96.0.1 --dport 80 ! -s 10.0.0.0/8 -j KUBE-MARK-MASQ',
    save: '! -s 10.0.0.0/8 -d 10.96.0.1/32 -p tcp -m comment --comment "ns/svc:p cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ',
  },
  {
    rule: {
      protocol: make.protocol("tcp"),
      matches: [
        make.comment("a has no endpoints"),
        make.addressType("destination", "LOCAL"),
        make.port("tcp", 3001),
      ],
      target: make.reject,
    },
    restore:
      '-m comment --comment "a has no endpoints" -m addrtype --dst-type LOCAL -m tcp -p tcp --dport 3001 -j REJECT',
    save: '-p tcp -m comment --comment "a has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 3001 -j REJECT --reject-with icmp-port-unreachable',
  },
  {
    rule: {
      source: make.address(cidr("10.180.0.1")),
      matches: [make.comment("ns/svc:p")],
      target: make.jump("KUBE-MARK-MASQ"),
    },
    restore: "-m comment --comment ns/svc:p -s 10.180.0.1 -j KUBE-MARK-MASQ",
    save: '-s 10.180.0.1/32 -m comment --comment "ns/svc:p" -j KUBE-MARK-MASQ',
  },
  {
    rule: {
      protocol: make.protocol("tcp"),
      matches: [
        make.comment("ns/svc:p"),
        {
          kind: "recent",
          name: "KUBE-SEP-X",
          operation: "set",
          negated: false,
          seconds: null,
          reap: false,
          hitcount: null,
          side: "source",
        },
        make.port("tcp", null),
      ],
      target: make.dnatTo("10.180.0.1", 80),
    },
    restore:
      "-m comment --comment ns/svc:p -m recent --name KUBE-SEP-X --set -m tcp -p tcp -j DNAT --to-destination 10.180.0.1:80",
    save: '-p tcp -m comment --comment "ns/svc:p" -m recent --set --name KUBE-SEP-X --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.180.0.1:80',
  },
  {
    rule: {
      matches: [
        make.comment("a -> b"),
        {
          kind: "recent",
          name: "S",
          operation: "rcheck",
          negated: false,
          seconds: 10800,
          reap: true,
          hitcount: null,
          side: "source",
        },
      ],
      target: make.jump("S"),
    },
    restore: '-m comment --comment "a -> b" -m recent --name S --rcheck --seconds 10800 --reap -j S',
    save: '-m comment --comment "a -> b" -m recent --rcheck --seconds 10800 --reap --name S --mask 255.255.255.255 --rsource -j S',
  },
  {
    rule: {
      matches: [make.comment("a -> b"), make.randomMatch("0.3333333333", false)],
      target: make.jump("S"),
    },
    restore: '-m comment --comment "a -> b" -m statistic --mode random --probability 0.3333333333 -j S',
    save: '-m comment --comment "a -> b" -m statistic --mode random --probability 0.33333333349 -j S',
  },
  {
    rule: { matches: [make.markBits(0x4000, { negated: true })], target: make.returnToCaller },
    restore: "-m mark ! --mark 0x00004000/0x00004000 -j RETURN",
    save: "-m mark ! --mark 0x4000/0x4000 -j RETURN",
  },
  {
    rule: { target: make.xorMark(0x4000) },
    restore: "-j MARK --xor-mark 0x00004000",
    save: "-j MARK --set-xmark 0x4000/0x0",
  },
  {
    rule: { target: make.orMark(0x4000) },
    restore: "-j MARK --or-mark 0x00004000",
    save: "-j MARK --set-xmark 0x4000/0x4000",
  },
  {
    rule: { matches: [make.comment("a b")], target: make.masquerade({ randomFully: true }) },
    restore: '-m comment --comment "a b" -j MASQUERADE --random-fully',
    save: '-m comment --comment "a b" -j MASQUERADE --random-fully',
  },
  {
    rule: {
      source: make.address(cidr("127.0.0.0/8"), { negated: true }),
      destination: make.address(cidr("127.0.0.0/8")),
      matches: [
        make.comment("block it"),
        make.conntrack(["DNAT", "RELATED", "ESTABLISHED"], { negated: true }),
      ],
      target: make.drop,
    },
    restore:
      '-m comment --comment "block it" -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate DNAT,RELATED,ESTABLISHED -j DROP',
    save: '! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block it" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP',
  },
  {
    rule: {
      destination: make.address(cidr("127.0.0.0/8"), { negated: true }),
      matches: [make.comment("the last"), make.addressType("destination", "LOCAL")],
      target: make.jump("KUBE-NODEPORTS"),
    },
    restore:
      '-m comment --comment "the last" -m addrtype --dst-type LOCAL ! -d 127.0.0.0/8 -j KUBE-NODEPORTS',
    save: '! -d 127.0.0.0/8 -m comment --comment "the last" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
  },
  {
    rule: {
      source: make.address(cidr("10.0.0.0/8"), { negated: true }),
      matches: [make.comment("set it"), make.matchSet("KUBE-CLUSTER-IP", ["dst", "dst"])],
      target: make.jump("KUBE-MARK-MASQ"),
    },
    restore:
      '-m comment --comment "set it" -m set --match-set KUBE-CLUSTER-IP dst,dst ! -s 10.0.0.0/8 -j KUBE-MARK-MASQ',
    save: '! -s 10.0.0.0/8 -m comment --comment "set it" -m set --match-set KUBE-CLUSTER-IP dst,dst -j KUBE-MARK-MASQ',
  },
  {
    rule: {
      protocol: make.protocol("tcp"),
      matches: [make.comment("a b"), make.matchSet("P", ["dst"])],
      target: make.accept,
    },
    restore: '-p tcp -m comment --comment "a b" -m set --match-set P dst -j ACCEPT',
    save: '-p tcp -m comment --comment "a b" -m set --match-set P dst -j ACCEPT',
  },
  {
    rule: { matches: [make.comment('q "x" \\ y')] },
    restore: '-m comment --comment "q \\"x\\" \\\\ y"',
    save: '-m comment --comment "q \\"x\\" \\\\ y"',
  },
];

test("printRule and printSavedRule spell each of kube-proxy's rules as it and iptables-save do", () => {
  for (const { rule, restore, save } of FORMS) {
    const whole = make.rule(rule);
    assert.equal(printRule("C", whole), `-A C ${restore}`);
    assert.equal(printSavedRule("C", whole, "IPv4"), `-A C ${save}`);
  }
});

test("printRestore gives back every line that kube-proxy wrote, chain by chain", () => {
  const text = readFileSync(sourcePath(import.meta.url, "./testdata/kube-proxy.restore"), "utf8");
  const { ruleset } = parseIptablesSave({ file: "kube-proxy.restore", text });
  const printed = [...printRestore(ruleset, { tables: ["filter", "nat"] })].join("");
  // kube-proxy writes the chains of a Service in turns; within a chain the order is the same.
  assert.deepEqual(byChain(printed), byChain(text));
});

function byChain(text: string): Record<string, string[]> {
  const chains: Record<string, string[]> = {};
  let table = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("*")) table = line;
    const chain = `${table} ${line.startsWith("-A") ? line.split(" ")[1] : ""}`;
    const lines = chains[chain] ?? [];
    chains[chain] = lines;
    lines.push(line);
  }
  return chains;
}

test("printRestore leaves out tables in their boot state and keeps the order asked for", () => {
  const ruleset = make.emptyRuleset("IPv4");
  assert.deepEqual([...printRestore(ruleset, { tables: ["filter", "nat"] })], []);
  ruleset.tables
    .get("nat")
    ?.chains.get("OUTPUT")
    ?.rules.push(make.rule({ target: make.accept }));
  ruleset.tables
    .get("filter")
    ?.chains.get("INPUT")
    ?.rules.push(make.rule({ target: make.drop }));
  const tables = (order: readonly ("nat" | "filter")[]) =>
    [...printRestore(ruleset, { tables: order })].join("").match(/^\*\w+/gm);
  assert.deepEqual(tables(["filter", "nat"]), ["*filter", "*nat"]);
  assert.deepEqual(tables(["nat"]), ["*nat"]);
});

test("printRestore hands out whole lines in chunks of bounded size", () => {
  const ruleset = make.emptyRuleset("IPv4");
  const rules = ruleset.tables.get("nat")!.chains.get("OUTPUT")!.rules;
  for (let index = 0; index < 5000; index++) rules.push(make.rule({ matches: [make.comment(`n ${index}`)] }));
  const chunks = [...printSave(ruleset)];
  assert.ok(chunks.length > 2, `${chunks.length} chunks`);
  for (const chunk of chunks) {
    assert.ok(chunk.endsWith("\n"));
    assert.ok(chunk.length < 70_000, `${chunk.length} characters`);
  }
});

test("printChainLine shows a policy, or a dash for a user's chain", () => {
  assert.equal(printChainLine({ name: "INPUT", policy: "DROP" }), ":INPUT DROP [0:0]");
  assert.equal(printChainLine({ name: "KUBE-SVC-X", policy: null }), ":KUBE-SVC-X - [0:0]");
});

test("randomMatch keeps the 31 bits that the kernel keeps", () => {
  const thresholds = [1, 0.5, 1 / 3, 1 / 100].map((probability) => {
    const match = make.randomMatch(probability.toFixed(10), false);
    return match.kind === "statistic" && match.mode === "random" ? match.threshold : -1;
  });
  assert.deepEqual(thresholds, [2147483648, 1073741824, 715827883, 21474836]);
});

test("countRules counts one table or all", () => {
  const ruleset = make.emptyRuleset("IPv4");
  ruleset.tables.get("nat")?.chains.get("OUTPUT")?.rules.push(make.rule({}), make.rule({}));
  ruleset.tables.get("raw")?.chains.get("OUTPUT")?.rules.push(make.rule({}));
  assert.equal(make.countRules(ruleset), 3);
  assert.equal(make.countRules(ruleset, "nat"), 2);
});
