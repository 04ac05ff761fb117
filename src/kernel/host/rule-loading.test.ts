import assert from "node:assert/strict";
import { test } from "node:test";
import { type LoadOptions, loadRules, type RuleText } from "./rule-loading.js";

const NFT_LINES = Array.from(
  { length: 2001 },
  (_, index) => `add rule ip t c${index} ip saddr { 10.0.0.1 }\n`,
);
const NFT: RuleText = { part: "nft", text: () => NFT_LINES };
const RULES: RuleText = { part: "iptables", text: () => ["*nat\n", "-A C -j ACCEPT\n", "COMMIT\n"] };

function load(path: "nftables" | "iptables-nft" | "ipset", text: RuleText, options?: LoadOptions) {
  return loadRules(path, "IPv4", [text], "ns", options);
}

test("loadRules gives nft one text whole, or parts that together are the same", () => {
  const partsOf = (options?: LoadOptions) => {
    const commands = load("nftables", NFT, options);
    assert.ok(commands.every(({ argv, netns }) => argv.join(" ") === "nft -f -" && netns === "ns"));
    const texts = commands.map(({ stdin }) => [...(stdin?.() ?? [])].join(""));
    assert.equal(texts.join(""), NFT_LINES.join(""));
    return texts.map((text) => text.split("\n").length - 1);
  };
  assert.deepEqual(partsOf(), [2001]);
  assert.deepEqual(partsOf({ transactions: "quick" }), [1000, 1000, 1]);
  assert.deepEqual(partsOf({ transactions: "small" }), [...Array.from({ length: 10 }, () => 200), 1]);
});

test("loadRules has only iptables-nft take small transactions over one another", () => {
  const argvs = (["whole", "quick", "small"] as const).map((transactions) =>
    (["iptables-nft", "ipset"] as const).flatMap((path) =>
      load(path, RULES, { transactions }).map(({ argv }) => argv.join(" ")),
    ),
  );
  assert.deepEqual(argvs, [
    ["iptables-nft-restore", "iptables-legacy-restore"],
    ["iptables-nft-restore", "iptables-legacy-restore"],
    ["iptables-nft-restore --noflush", "iptables-legacy-restore"],
  ]);
});
