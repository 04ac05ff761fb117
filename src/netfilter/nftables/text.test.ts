import assert from "node:assert/strict";
import { test } from "node:test";
import type { Family } from "../../base/ip.js";
import type { NftChange, NftStatement, NftTable } from "./model.js";
import { ruleText } from "./rule-text.js";
import { nftChangeText, nftDeletionText, nftReplacementText, nftTableText } from "./text.js";

const STATEMENTS: readonly (readonly [NftStatement, Family, string])[] = [
  [
    { kind: "match", field: "ip saddr", negated: true, values: ["10.0.0.0/8"] },
    "IPv4",
    "ip saddr != 10.0.0.0/8",
  ],
  [
    { kind: "match", field: "ip daddr", negated: false, values: ["fd00::1", "fd00::2"] },
    "IPv6",
    "ip6 daddr { fd00::1, fd00::2 }",
  ],
  [
    { kind: "match", field: "ip saddr", negated: true, values: ["10.0.0.0/8"], braced: true },
    "IPv4",
    "ip saddr != { 10.0.0.0/8 }",
  ],
  [{ kind: "match", field: "iifname", negated: false, values: ["veth*"] }, "IPv4", 'iifname "veth*"'],
  [{ kind: "match", field: "th dport", negated: false, values: ["80"] }, "IPv4", "th dport 80"],
  [
    { kind: "lookup", fields: ["ip saddr", "th dport"], negated: true, set: "s" },
    "IPv6",
    "ip6 saddr . th dport != @s",
  ],
  [{ kind: "ctstate", states: ["new", "related"], negated: false }, "IPv4", "ct state new,related"],
  [{ kind: "ctstatus", status: "dnat" }, "IPv4", "ct status dnat"],
  [{ kind: "fib", side: "daddr", type: "local", negated: false }, "IPv4", "fib daddr type local"],
  [{ kind: "mark", mask: 0x4000, value: 0, negated: true }, "IPv4", "mark and 0x00004000 != 0"],
  [{ kind: "setmark", operation: "xor", value: 0x4000 }, "IPv4", "mark set mark xor 0x00004000"],
  [
    { kind: "vmap", fields: ["meta l4proto", "th dport"], map: "m" },
    "IPv4",
    "meta l4proto . th dport vmap @m",
  ],
  [
    { kind: "numgen-vmap", verdicts: [{ kind: "goto", chain: "a" }, { kind: "drop" }] },
    "IPv4",
    "numgen random mod 2 vmap { 0 : goto a , 1 : drop }",
  ],
  [
    { kind: "numgen-dnat", targets: [{ ip: "fd00::1", port: 80 }] },
    "IPv6",
    "dnat ip6 addr . port to numgen random mod 1 map { 0 : fd00::1 . 80 }",
  ],
  [{ kind: "dnat", target: { ip: "fd00::1", port: 80 } }, "IPv6", "dnat to [fd00::1]:80"],
  [{ kind: "masquerade", fullyRandom: true }, "IPv4", "masquerade fully-random"],
  [{ kind: "update", set: "s" }, "IPv6", "update @s { ip6 saddr }"],
  [{ kind: "verdict", verdict: { kind: "jump", chain: "c" } }, "IPv4", "jump c"],
];

for (const [statement, family, text] of STATEMENTS) {
  test(`ruleText prints ${text}`, () => {
    assert.equal(ruleText({ statements: [statement], comment: null }, family), text);
  });
}

test("ruleText ends with the comment", () => {
  const rule = { statements: [{ kind: "verdict", verdict: { kind: "reject" } }], comment: "why" } as const;
  assert.equal(ruleText(rule, "IPv4"), 'reject comment "why"');
});

const TABLE: NftTable = {
  family: "IPv6",
  name: "t",
  comment: "all of it",
  sets: new Map([
    [
      "s",
      {
        name: "s",
        type: ["addr"],
        comment: "some",
        dynamicTimeoutSeconds: null,
        elements: new Map([
          ["fd00::1", null],
          ["fd00::2", "two"],
          ["fd00::3", null],
        ]),
      },
    ],
    ["d", { name: "d", type: ["addr"], comment: null, dynamicTimeoutSeconds: 10, elements: new Map() }],
  ]),
  maps: new Map([
    [
      "m",
      {
        name: "m",
        type: ["inet_proto", "inet_service"],
        comment: null,
        elements: new Map([["tcp . 80", { verdict: { kind: "goto", chain: "c" }, comment: "ns/svc" }]]),
      },
    ],
  ]),
  chains: new Map([
    [
      "b",
      {
        name: "b",
        base: { type: "nat", hook: "output", priority: -100 },
        comment: null,
        rules: [{ statements: [{ kind: "verdict", verdict: { kind: "jump", chain: "c" } }], comment: null }],
      },
    ],
    ["c", { name: "c", base: null, comment: "does it", rules: [] }],
  ]),
};

test("nftTableText prints sets, maps and chains before what refers to them, elements in batches", () => {
  const lines = [...nftTableText(TABLE, { elementsPerCommand: 2 })].join("").split("\n");
  assert.deepEqual(lines, [
    'add table ip6 t { comment "all of it" ; }',
    'add set ip6 t s { type ipv6_addr ; comment "some" ; }',
    "add set ip6 t d { type ipv6_addr ; flags dynamic,timeout ; timeout 10s ; }",
    "add map ip6 t m { type inet_proto . inet_service : verdict ; }",
    "add chain ip6 t b { type nat hook output priority -100 ; }",
    'add chain ip6 t c { comment "does it" ; }',
    "add rule ip6 t b jump c",
    'add element ip6 t s { fd00::1 , fd00::2 comment "two" }',
    "add element ip6 t s { fd00::3 }",
    'add element ip6 t m { tcp . 80 comment "ns/svc" : goto c }',
    "",
  ]);
});

test("nftReplacementText empties what it refills, keeps clients of dynamic sets, and drops what is gone", () => {
  const gone = { removedChains: ["old"], removedSets: ["a"] };
  const lines = [...nftReplacementText(TABLE, gone, { elementsPerCommand: 3 })].join("").split("\n");
  assert.deepEqual(lines, [
    'add table ip6 t { comment "all of it" ; }',
    'add set ip6 t s { type ipv6_addr ; comment "some" ; }',
    "flush set ip6 t s",
    "add set ip6 t d { type ipv6_addr ; flags dynamic,timeout ; timeout 10s ; }",
    "add map ip6 t m { type inet_proto . inet_service : verdict ; }",
    "flush map ip6 t m",
    "add chain ip6 t b { type nat hook output priority -100 ; }",
    "flush chain ip6 t b",
    'add chain ip6 t c { comment "does it" ; }',
    "flush chain ip6 t c",
    "add rule ip6 t b jump c",
    'add element ip6 t s { fd00::1 , fd00::2 comment "two" , fd00::3 }',
    'add element ip6 t m { tcp . 80 comment "ns/svc" : goto c }',
    "flush chain ip6 t old",
    "delete set ip6 t a",
    "",
  ]);
});

test("nftChangeText deletes elements before it adds them, and empties chains that are gone", () => {
  const change: NftChange = {
    chains: [
      {
        name: "c",
        base: null,
        comment: null,
        rules: [{ statements: [{ kind: "verdict", verdict: { kind: "drop" } }], comment: null }],
      },
    ],
    removedChains: ["old"],
    addedSets: [],
    removedSets: ["d"],
    setElements: [{ set: "s", add: [], remove: ["fd00::1"] }],
    mapElements: [
      {
        map: "m",
        add: [{ key: "tcp . 80", verdict: { kind: "drop" }, comment: null }],
        remove: ["tcp . 80"],
      },
    ],
  };
  assert.deepEqual([...nftChangeText(change, TABLE, { elementsPerCommand: 1 })].join("").split("\n"), [
    "add chain ip6 t c",
    "flush chain ip6 t c",
    "delete element ip6 t s { fd00::1 }",
    "delete element ip6 t m { tcp . 80 }",
    "add rule ip6 t c drop",
    "add element ip6 t m { tcp . 80 : drop }",
    "flush chain ip6 t old",
    "delete set ip6 t d",
    "",
  ]);
  assert.deepEqual([...nftDeletionText(change.removedChains, TABLE)], ["delete chain ip6 t old\n"]);
});
