import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import type { NftChain, NftRule, NftTable } from "../../netfilter/nftables/model.js";
import { nftReplacementText } from "../../netfilter/nftables/text.js";
import { openUnsharedNamespace, reasonToSkipTools } from "../programming/unshared-namespace.test-data.js";
import { splitTransactions } from "./nft-transactions.js";

const SEED = Number(process.env["PLUMB_TEST_SEED"] ?? 20264);

const sets = (anonymousSetsMax: number) => ({ linesMax: Number.POSITIVE_INFINITY, anonymousSetsMax });

const TCP = { kind: "match", field: "meta l4proto", negated: false, values: ["tcp"] } as const;

/** A table of Services in kube-proxy's way: a chain with an anonymous map each, found by a map. */
function serviceTable(services: number): NftTable {
  const indices = Array.from({ length: services }, (_, index) => index);
  const address = (index: number) => `10.96.${index >> 8}.${index & 255}`;
  const rule = (...statements: NftRule["statements"]): NftRule => ({ statements, comment: null });
  const chain = (name: string, ...rules: NftRule[]): NftChain => ({ name, base: null, comment: null, rules });
  const lookup = rule(
    { kind: "match", field: "ip saddr", negated: true, values: ["10.0.0.0/8", "10.1.0.0/16"] },
    { kind: "vmap", fields: ["ip daddr"], map: "service-ips" },
  );
  const chains = [
    ...indices.map((index) =>
      chain(
        `service-${index}`,
        rule(TCP, { kind: "numgen-dnat", targets: [{ ip: `10.244.0.${index & 255}`, port: 80 }] }),
      ),
    ),
    chain("services", lookup),
  ];
  const goto = (index: number) => ({ kind: "goto" as const, chain: `service-${index}` });
  return {
    family: "IPv4",
    name: "kube-proxy",
    comment: "rules for kube-proxy",
    sets: new Map(),
    maps: new Map([
      [
        "service-ips",
        {
          name: "service-ips",
          type: ["addr"],
          comment: null,
          elements: new Map(
            indices.map((index) => [address(index), { verdict: goto(index), comment: null }] as const),
          ),
        },
      ],
    ]),
    chains: new Map(chains.map((each) => [each.name, each])),
  };
}

function textOf(table: NftTable): string {
  const gone = { removedChains: [], removedSets: [] };
  return [...nftReplacementText(table, gone, { elementsPerCommand: 1 })].join("");
}

const anonymousSets = (text: string) => text.split("\n").filter((line) => /^add rule .*\{/.test(line)).length;

test("splitTransactions cuts between lines, before a rule with an anonymous set too many", () => {
  const text = textOf(serviceTable(10));
  const parts = [...splitTransactions([text], sets(4))];
  assert.equal(parts.map((part) => part.text).join(""), text);
  // Ten Services and one rule with a set of two CIDRs.
  assert.deepEqual(
    parts.map((part) => part.anonymousSets),
    [4, 4, 3],
  );
  for (const part of parts) {
    assert.equal(anonymousSets(part.text), part.anonymousSets);
    assert.ok(part.text.endsWith("\n"));
  }
  assert.match(parts[1]?.text ?? "", /^add rule ip kube-proxy service-4 /);
  assert.match(parts[2]?.text ?? "", /add element .*service-9 }\n$/);
});

test("splitTransactions leaves a text within the limit whole, and an empty one empty", () => {
  const text = textOf(serviceTable(10));
  assert.deepEqual([...splitTransactions([text], sets(11))], [{ text, anonymousSets: 11 }]);
  assert.deepEqual([...splitTransactions([], sets(11))], []);
  assert.deepEqual(
    [...splitTransactions(["add table ip a"], sets(11))],
    [{ text: "add table ip a", anonymousSets: 0 }],
  );
});

test("splitTransactions cuts at a number of lines, counted anew with each transaction", () => {
  const text = "a\nb\nadd rule { }\nc\nd";
  assert.deepEqual(
    [...splitTransactions([text], { linesMax: 2, anonymousSetsMax: 1 })],
    [
      { text: "a\nb\n", anonymousSets: 0 },
      { text: "add rule { }\nc\n", anonymousSets: 1 },
      { text: "d", anonymousSets: 0 },
    ],
  );
});

test("splitTransactions gives the same for chunks of any size", () => {
  const prng = new Prng(SEED);
  const text = textOf(serviceTable(20));
  const expected = [...splitTransactions([text], sets(3))];
  const chunks: string[] = [];
  for (let start = 0; start < text.length; start += chunks.at(-1)?.length ?? 0)
    chunks.push(text.slice(start, start + 1 + prng.below(200)));
  assert.deepEqual([...splitTransactions(chunks, sets(3))], expected, `seed ${SEED}`);
});

test("nft holds the same after split transactions as after a single one, in an empty table and over an older one", {
  skip: reasonToSkipTools(["nft"]),
}, async () => {
  const text = textOf(serviceTable(50));
  const whole = await listings([[text], [text]]);
  const split = [...splitTransactions([text], sets(7))].map((part) => part.text);
  assert.equal(split.length, 8);
  const cut = await listings([split, split]);
  assert.match(
    whole[0] as string,
    /chain service-49 \{\s+meta l4proto tcp dnat ip .*numgen random mod 1 map/,
  );
  assert.deepEqual(cut, whole);
});

/** `nft list ruleset` of one namespace after each load, a load being transactions. */
async function listings(loads: readonly (readonly string[])[]): Promise<string[]> {
  const namespace = await openUnsharedNamespace();
  try {
    const found: string[] = [];
    for (const transactions of loads) {
      for (const transaction of transactions) {
        const { status, stderr } = await namespace.run(["nft", "-f", "-"], [transaction]);
        assert.equal(status, 0, stderr);
      }
      found.push((await namespace.run(["nft", "list", "ruleset"], [])).stdout);
    }
    return found;
  } finally {
    await namespace.close();
  }
}
