// The documents that src/proxy makes, through the real tools into the real kernel: they load, leave what they should,
// and are counted and timed. Needs root and the tools; says so when it cannot run.
import assert from "node:assert/strict";
import { test } from "node:test";
import { realClock } from "../../base/clock.js";
import type { Argv } from "../../kernel/host/command.js";
import { DEFAULT_PROGRAMMING, measureProgramming } from "../../kernel/programming/measure-programming.js";
import {
  type ChangeDocument,
  PROGRAMMING_PATHS,
  type ProgrammingChange,
  type ProgrammingPath,
} from "../../kernel/programming/rule-documents.js";
import { toolRuns } from "../../kernel/programming/tool-runs.js";
import {
  openUnsharedNamespace,
  reasonToSkipTools,
  type UnsharedNamespace,
} from "../../kernel/programming/unshared-namespace.test-data.js";
import { programmingDocuments } from "./programming-documents.js";

const SERVICES = 100;

/** What shows all that a path has in the kernel. */
const LISTINGS: Readonly<Record<ProgrammingPath, readonly Argv[]>> = {
  "iptables-legacy": [["iptables-legacy-save"]],
  "iptables-nft": [["iptables-nft-save"]],
  nftables: [["nft", "list", "ruleset"]],
  ipset: [["ipset", "save", "-sorted"], ["iptables-legacy-save"]],
};

const PROGRAMS: Readonly<Record<ProgrammingPath, readonly string[]>> = {
  "iptables-legacy": ["iptables-legacy-restore"],
  "iptables-nft": ["iptables-nft-restore"],
  nftables: ["nft"],
  ipset: ["ipset", "iptables-legacy-restore"],
};

for (const path of PROGRAMMING_PATHS) {
  test(`${path}: a Service's change and its return, and a resync, leave what a full load left`, {
    skip: reasonToSkipTools(PROGRAMS[path]),
  }, async () => {
    const { full, resync, oneService } = programmingDocuments({ path, services: SERVICES });
    const [there, back] = oneService;
    const namespace = await openUnsharedNamespace();
    try {
      const after = async (change: ProgrammingChange, document: ChangeDocument) => {
        await load(namespace, path, change, document);
        return await listing(namespace, path);
      };
      const loaded = await after("full", full);
      assert.match(loaded, /KUBE-CLUSTER-IP|KUBE-SEP|kube-proxy/);
      const changed = await after("one-service", there);
      assert.notEqual(changed, loaded);
      assert.equal(await after("one-service", back), loaded);
      assert.equal(await after("resync", resync), loaded);
    } finally {
      await namespace.close();
    }
  });
}

async function load(
  namespace: UnsharedNamespace,
  path: ProgrammingPath,
  change: ProgrammingChange,
  { texts }: ChangeDocument,
): Promise<void> {
  for (const { argv, stdin } of toolRuns(path, change, texts)) {
    const { status, stderr } = await namespace.run(argv, stdin);
    assert.equal(status, 0, `${argv.join(" ")}: ${stderr}`);
  }
}

/**
 * Without comments, which have the time in them. Chains and elements may stand in the order in which they were last
 * written, so lines are sorted, but for the rules of one chain.
 */
async function listing(namespace: UnsharedNamespace, path: ProgrammingPath): Promise<string> {
  const lines: string[] = [];
  for (const argv of LISTINGS[path]) {
    const { status, stdout, stderr } = await namespace.run(argv, []);
    assert.equal(status, 0, `${argv.join(" ")}: ${stderr}`);
    lines.push(...stdout.split("\n").filter((line) => !line.startsWith("#")));
  }
  const keyed = lines.map((line) => ({ line, key: /^-A \S+/.exec(line)?.[0] ?? line }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ line }) => line).join("\n");
}

test("measureProgramming times all paths in the kernel", {
  skip: reasonToSkipTools(Object.values(PROGRAMS).flat()),
}, async () => {
  const { records, notVerified, startMs } = await measureProgramming({
    kernel: "native",
    cases: PROGRAMMING_PATHS.map((path) => ({ path, services: SERVICES })),
    documents: programmingDocuments,
    openNamespace: openUnsharedNamespace,
    clock: realClock,
    seed: 1,
    ...DEFAULT_PROGRAMMING,
    rounds: 1,
    onProgress: () => undefined,
  });
  assert.deepEqual(notVerified, []);
  assert.ok(startMs !== null && startMs > 0);
  assert.deepEqual(
    records.map(({ path, change, n, transactions }) => `${path} ${change} ${n} ${transactions}`),
    PROGRAMMING_PATHS.flatMap((path) => {
      // ipset and then iptables.
      const runs = path === "ipset" ? 2 : 1;
      return [`${path} full 1 ${runs}`, `${path} resync 1 ${runs}`, `${path} one-service 2 ${runs}`];
    }),
  );
  for (const { measuredMs, modelledMs } of records) {
    assert.ok(measuredMs > 0 && Number.isFinite(measuredMs));
    assert.ok(modelledMs !== null && modelledMs > 0);
  }
});

test("programmingDocuments counts what is in its texts, and grows as each path does", () => {
  for (const path of PROGRAMMING_PATHS) {
    const { full, resync, oneService } = programmingDocuments({ path, services: SERVICES });
    for (const document of [full, resync, ...oneService]) {
      const text = document.texts.flatMap(({ chunks }) => chunks).join("");
      assert.equal(document.bytes, text.length, path);
      assert.equal(document.rules, count(text, /^(-A|add rule) /gm), path);
      assert.equal(document.elements, count(text, /^add (element |KUBE-)/gm), path);
    }
  }
  const ofService = (path: ProgrammingPath, services: number) =>
    programmingDocuments({ path, services }).oneService[0];
  const growth = (path: ProgrammingPath) => ofService(path, 600).rules - ofService(path, 500).rules;
  assert.deepEqual(PROGRAMMING_PATHS.map(growth), [100, 100, 0, 0]);
});

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
