import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProgrammingPath, ToolText } from "./rule-documents.js";
import { toolRuns } from "./tool-runs.js";

test("toolRuns syncs over what is there as kube-proxy does, and loads the first time without", () => {
  const commandsOf = (path: ProgrammingPath, ...parts: readonly ToolText["part"][]) =>
    (["full", "resync", "one-service"] as const).map((change) =>
      toolRuns(
        path,
        change,
        parts.map((part) => ({ part, chunks: ["add table ip t\n"] })),
      )
        .map(({ argv }) => argv.join(" "))
        .join("; "),
    );
  assert.deepEqual(commandsOf("iptables-nft", "iptables"), [
    "iptables-nft-restore -w",
    "iptables-nft-restore -w --noflush --counters",
    "iptables-nft-restore -w --noflush --counters",
  ]);
  assert.deepEqual(commandsOf("ipset", "ipset", "iptables"), [
    "ipset restore; iptables-legacy-restore -w",
    "ipset -exist restore; iptables-legacy-restore -w --noflush --counters",
    "ipset restore; iptables-legacy-restore -w --noflush --counters",
  ]);
  assert.deepEqual(commandsOf("nftables", "nft"), ["nft -f -", "nft -f -", "nft -f -"]);
});
