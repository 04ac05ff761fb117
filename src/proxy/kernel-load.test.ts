// The real iptables-restore as witness: what is compiled loads into a fresh network namespace, every rule of it, and a
// partial sync leaves the kernel with the rules of a full one. Needs root and the tools; says so when it cannot run.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ClusterObjects } from "../api/types.js";
import type { Family } from "../base/ip.js";
import { Prng } from "../base/prng.js";
import { countRules } from "../netfilter/iptables/ruleset.js";
import { compileIptables } from "./iptables/compile.js";
import { syncFull, syncPartial } from "./iptables/sync.js";
import { loadDocument } from "./load-document.js";
import { FLOW_OBJECTS } from "./packet-flow-cluster.test-data.js";
import type { ProxyState } from "./service-port.js";
import { buildProxyState } from "./state/build-state.js";
import { ChangeTracker } from "./state/change-tracker.js";
import { randomCluster, testConfig, uniformCluster } from "./cluster.test-data.js";
import { compileUserspace } from "./userspace/compile.js";

const FLAVOURS = ["legacy", "nft"] as const;
type Flavour = (typeof FLAVOURS)[number];

const toolOf = (flavour: Flavour, family: Family) =>
  `${family === "IPv4" ? "iptables" : "ip6tables"}-${flavour}`;

/** Why this machine cannot load rules, or false. */
function reasonToSkip(tool: string): string | false {
  const probe = spawnSync("unshare", ["-n", "sh", "-c", `${tool}-save > /dev/null`], { encoding: "utf8" });
  if (probe.error) return `no unshare: ${probe.error.message}`;
  return probe.status === 0
    ? false
    : `cannot run ${tool}-save in a network namespace: ${probe.stderr.trim()}`;
}

interface Document {
  readonly text: Iterable<string>;
  /** A sync's document: other chains stay. */
  readonly noflush: boolean;
}

/** Load documents one after the other into a namespace of their own; the rules that the tool then saves. */
function savedRules(tool: string, documents: readonly Document[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "plumb-load-"));
  try {
    const commands = documents.map(({ text, noflush }, index) => {
      const file = join(folder, `${index}.rules`);
      writeFileSync(file, [...text].join(""));
      return `${tool}-restore ${noflush ? "--noflush --counters" : ""} < ${file}`;
    });
    const script = [...commands, `${tool}-save`].join(" && ");
    const run = spawnSync("unshare", ["-n", "sh", "-c", script], { encoding: "utf8", maxBuffer: 1 << 28 });
    assert.equal(run.status, 0, `${script}: ${run.stderr}`);
    return linesByTable(run.stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Chain and rule lines with their table, chains in any order but rules in theirs. */
function linesByTable(saved: string): string[] {
  let table = "";
  const lines = saved.split("\n").flatMap((line) => {
    if (line.startsWith("*")) table = line;
    const text = line.replace(/ ?\[\d+:\d+\] ?/, " ").trim();
    const chain = /^(?::|-A )(\S+)/.exec(text)?.[1];
    return chain === undefined ? [] : [{ key: `${table} ${chain}`, text }];
  });
  return lines
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ key, text }) => `${key} ${text}`);
}

const ruleCount = (lines: readonly string[]) => lines.filter((line) => line.includes(" -A ")).length;

const CLUSTERS: readonly { readonly name: string; readonly objects: ClusterObjects }[] = [
  { name: "the packet-flow cluster", objects: FLOW_OBJECTS },
  { name: "a random cluster", objects: randomCluster(new Prng(7), 40) },
  { name: "300 Services with 5 endpoints", objects: uniformCluster(300, 5) },
];

for (const flavour of FLAVOURS) {
  for (const family of ["IPv4", "IPv6"] as const) {
    const tool = toolOf(flavour, family);
    const skip = reasonToSkip(tool);
    // Only the packet-flow cluster has Services of both families.
    for (const { name, objects } of family === "IPv4" ? CLUSTERS : CLUSTERS.slice(0, 1)) {
      test(`${tool}-restore loads every rule of ${name}`, { skip }, () => {
        for (const mode of ["iptables", "userspace"] as const) {
          const config = testConfig({ mode, family });
          const state = buildProxyState(objects, config);
          const model =
            mode === "iptables" ? compileIptables(state, config) : compileUserspace(state, config);
          const lines = savedRules(tool, [{ text: loadDocument(model), noflush: false }]);
          assert.equal(ruleCount(lines), countRules(model.ruleset), mode);
        }
      });
    }
  }

  const tool = toolOf(flavour, "IPv4");
  test(`${tool}-restore: a partial sync leaves the rules of a full one`, { skip: reasonToSkip(tool) }, () => {
    const seed = 11;
    const config = testConfig({ largeClusterEndpoints: 100_000 });
    const [before, after, changed] = twoStates(seed);
    const fresh = (state: ProxyState) => ({
      text: loadDocument(compileIptables(state, config)),
      noflush: false,
    });
    const expected = savedRules(tool, [fresh(after)]);
    const partial = syncPartial(before, after, changed, config);
    assert.ok(partial.chains < syncFull(after, config).chains);
    const synced = savedRules(tool, [fresh(before), { text: partial.text(), noflush: true }]);
    assert.deepEqual(synced, expected, `seed ${seed}, partial`);
    const full = syncFull(after, config, { previous: before });
    assert.deepEqual(
      savedRules(tool, [fresh(before), { text: full.text(), noflush: true }]),
      expected,
      `seed ${seed}, full`,
    );
  });
}

/** A random cluster before and after some of its objects changed, and the names of the Services that did. */
function twoStates(seed: number): [ProxyState, ProxyState, ReadonlySet<string>] {
  const prng = new Prng(seed);
  const [from, to] = [randomCluster(prng, 15), randomCluster(prng, 15)];
  const tracker = new ChangeTracker(testConfig());
  for (const object of [...from.services, ...from.endpointSlices]) tracker.upsert(object);
  tracker.applyChanges();
  const before = tracker.state();
  for (const object of from.services) if (prng.below(4) === 0) tracker.remove(object);
  for (const object of [...to.services, ...to.endpointSlices])
    if (prng.below(4) === 0) tracker.upsert(object);
  const { changed } = tracker.applyChanges();
  return [before, tracker.state(), changed];
}
