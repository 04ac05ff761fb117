// The real iptables-save as witness: rules are loaded in a fresh network namespace, saved, read and printed by us,
// loaded and saved again. Needs root and the tools; says so when it cannot run.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { sourcePath } from "../../base/source-path.js";
import { parseIptablesSave } from "./parse.js";
import { printRestore, printSave } from "./text.js";

const testdata = (name: string) => sourcePath(import.meta.url, `./testdata/${name}`);
const TABLES = ["raw", "mangle", "filter", "nat"] as const;

/** Load rules (and the sets they name) in a namespace of its own; returns what the save tool prints there. */
function loadAndSave(tool: string, rules: string, sets: string | null): string {
  const ipset = sets === null ? "" : `ipset restore -file '${sets}' &&`;
  const run = spawnSync("unshare", ["-n", "sh", "-c", `${ipset} ${tool}-restore && ${tool}-save`], {
    input: rules,
  });
  assert.equal(run.status, 0, `${tool}-restore: ${run.stderr}`);
  return run.stdout.toString();
}

/** Why this machine cannot load rules, or false. */
function reasonToSkip(tool: string): string | false {
  const probe = spawnSync("unshare", ["-n", `${tool}-save`]);
  if (probe.error) return `no unshare: ${probe.error.message}`;
  return probe.status === 0
    ? false
    : `cannot run ${tool}-save in a network namespace: ${probe.stderr}`.trim();
}

function stripComments(saved: string): string {
  return saved.replace(/^#.*\n/gm, "");
}

for (const tool of ["iptables-legacy", "iptables-nft", "ip6tables-legacy"]) {
  const names = tool.startsWith("ip6")
    ? ["ip6.save"]
    : ["kube-proxy.restore", "docker.save", "ufw.save", "calico.save"];
  for (const name of names) {
    test(`rules read from ${tool}-save load again and save the same: ${name}`, {
      skip: reasonToSkip(tool),
    }, () => {
      const sets = testdata(name.replace(/\.\w+$/, ".ipset"));
      const setsOrNull = existsSync(sets) ? sets : null;
      const saved = loadAndSave(tool, readFileSync(testdata(name), "utf8"), setsOrNull);
      const { ruleset } = parseIptablesSave({ file: name, text: saved });
      const printed = [...printSave(ruleset)].join("");
      for (const block of stripComments(saved).split(/(?<=COMMIT\n)/)) {
        if (/^-A|DROP \[/m.test(block))
          assert.ok(printed.includes(block.replace(/\[\d+:\d+\]/g, "[0:0]")), block);
      }
      const restored = [...printRestore(ruleset, { tables: TABLES })].join("");
      assert.equal(ordered(loadAndSave(tool, restored, setsOrNull)), ordered(saved));
      assert.equal(ordered(loadAndSave(tool, printed, setsOrNull)), ordered(saved));
    });
  }
}

/** The tools list tables in the order in which they were loaded. */
function ordered(saved: string): string {
  return stripComments(saved)
    .split(/(?<=COMMIT\n)/)
    .sort()
    .join("");
}
