import assert from "node:assert/strict";
import { test } from "node:test";
import { PlumbError } from "../base/errors.js";
import { compareCases, compareRuns } from "./compare.js";
import { type ComparisonRow, regressionsOf } from "./comparison.js";
import { formatComparison } from "./comparison-text.js";
import { type ExampleMetrics, exampleCase, exampleEnvironment, exampleRun } from "./example-run.test-data.js";

/** Ten samples around a centre, spread over +-2%. */
const around = (centre: number) =>
  [-20, 13, -5, 8, -11, 2, 17, -16, 5, -2].map((perMille) => centre * (1 + perMille / 1000));
/** Eight samples spread over +-20%. */
const wild = (centre: number) =>
  [-0.2, 0.1, -0.05, 0.2, -0.15, 0.02, 0.17, -0.1].map((share) => centre * (1 + share));

function compared(before: ExampleMetrics, after: ExampleMetrics): readonly ComparisonRow[] {
  const run = (id: string, metrics: ExampleMetrics) =>
    exampleRun(id, [exampleCase({ mode: "ipvs" }, metrics)]);
  return compareRuns([run("a", before), run("b", after)]).rows;
}

const failsWith = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof PlumbError && error.code === code && pattern.test(error.message);

test("exact metrics are identical or different with a direction, from one sample each", () => {
  const before = {
    "first.rules_evaluated": [12],
    "state.rules": [100],
    "state.elements": [7],
    "sync.full.bytes": [500],
  };
  const after = {
    "first.rules_evaluated": [12],
    "state.rules": [90],
    "state.elements": [8],
    "sync.full.bytes": [501],
  };
  const verdicts = compared(before, after).map(({ metric, verdict, confidence, p }) => [
    metric,
    verdict,
    confidence,
    p,
  ]);
  assert.deepEqual(verdicts, [
    ["first.rules_evaluated", "identical", "exact", null],
    ["sync.full.bytes", "regressed", "exact", null],
    ["state.rules", "improved", "exact", null],
    ["state.elements", "inconclusive", "exact", null],
  ]);
});

test("a timing far beyond the margin is confirmed, in the direction that is worse for its metric", () => {
  const before = { "first.core_ns": around(100), "workers.packets_per_second": around(1e6) };
  const after = { "first.core_ns": around(120), "workers.packets_per_second": around(1.2e6) };
  const rows = compared(before, after);
  assert.deepEqual(
    rows.map(({ verdict, confidence }) => [verdict, confidence]),
    [
      ["regressed", "confirmed"],
      ["improved", "confirmed"],
    ],
  );
  assert.ok(Math.abs((rows[0]?.change ?? 0) - 0.2) < 1e-9);
  assert.deepEqual(
    compared(after, before).map(({ verdict }) => verdict),
    ["improved", "regressed"],
  );
});

test("a timing a little beyond the margin is likely, not confirmed", () => {
  const [row] = compared({ "first.core_ns": around(100) }, { "first.core_ns": around(105.8) });
  assert.deepEqual([row?.verdict, row?.confidence], ["regressed", "likely"]);
});

test("a significant difference inside the margin is no meaningful change", () => {
  const [row] = compared({ "first.core_ns": around(100) }, { "first.core_ns": around(102.4) });
  assert.equal(row?.verdict, "no-meaningful-change");
});

test("too much noise is inconclusive, with the worst case and the samples that would settle it", () => {
  const [row] = compared({ "first.core_ns": wild(100) }, { "first.core_ns": wild(102) });
  assert.equal(row?.verdict, "inconclusive");
  assert.match(row?.reason ?? "", /^could be up to \d+\.\d% worse$/);
  assert.ok((row?.samplesToSettle ?? 0) > 8);
});

test("fewer than six samples support no claim, however large the difference", () => {
  const [row] = compared({ "first.core_ns": [1, 1, 1, 1, 1] }, { "first.core_ns": [9, 9, 9, 9, 9] });
  assert.equal(row?.verdict, "inconclusive");
  assert.match(row?.reason ?? "", /5 samples support no claim/);
});

test("samples of 0 have no ratio: inconclusive, not a crash and not a pass", () => {
  const [row] = compared({ "first.core_ns": new Array(8).fill(0) }, { "first.core_ns": around(5) });
  assert.deepEqual([row?.verdict, row?.change], ["inconclusive", null]);
});

test("margins: per metric, per prefix, default, and never below the noise floor", () => {
  const metrics = {
    "first.core_ns": around(100),
    "established.core_ns": around(100),
    "sync.full.compile_ns": around(100),
    "state.rules": [1],
  };
  const quiet = exampleRun("a", [exampleCase({ mode: "ipvs" }, metrics)]);
  const noisy = {
    ...quiet,
    environment: { ...exampleEnvironment, noise: { relativeMad: 0.03, samples: 200 } },
  };
  const margins = { "first.core_ns": 0.02, "sync.*": 0.2, default: 0.07 };
  const of = (run: typeof quiet) =>
    compareRuns([run, run], { margins }).rows.map(({ metric, margin }) => [metric, margin]);
  assert.deepEqual(of(quiet), [
    ["first.core_ns", 0.02],
    ["established.core_ns", 0.07],
    ["sync.full.compile_ns", 0.2],
    ["state.rules", 0],
  ]);
  assert.deepEqual(of(noisy)[0], ["first.core_ns", 0.03]);
});

test("p is adjusted over the gated timings: what is not gated costs nothing and cannot fail", () => {
  const metrics = (centre: number) => ({
    "first.core_ns": around(centre),
    "established.core_ns": around(centre),
    "mixed.core_ns": around(centre),
  });
  const run = (id: string, centre: number) =>
    exampleRun(id, [exampleCase({ mode: "ipvs" }, metrics(centre))]);
  const all = compareRuns([run("a", 100), run("b", 120)]);
  const one = compareRuns([run("a", 100), run("b", 120)], { gate: ["first.*"] });
  const [ofAll, ofOne] = [all.rows[0], one.rows[0]];
  assert.ok(ofAll && ofOne && ofAll.p !== null && ofAll.adjustedP !== null);
  assert.ok(Math.abs(ofAll.adjustedP - 3 * ofAll.p) < 1e-15);
  assert.equal(ofOne.adjustedP, ofOne.p);
  assert.deepEqual(
    regressionsOf(one, "likely").map(({ metric }) => metric),
    ["first.core_ns"],
  );
  assert.equal(regressionsOf(all, "confirmed").length, 3);
});

test("runs of other scenarios or metric definitions are not comparable", () => {
  const run = exampleRun("a", [exampleCase({ mode: "ipvs" }, { "state.rules": [1] })]);
  const other = { ...run, scenario: { ...run.scenario, digest: "f".repeat(64) } };
  assert.throws(() => compareRuns([run, other]), failsWith("NotComparable", /their scenarios differ/));
  const [only] = run.cases;
  assert.ok(only);
  const redefined = {
    ...run,
    cases: [{ ...only, metrics: only.metrics.map((metric) => ({ ...metric, unit: "B" as const })) }],
  };
  assert.throws(
    () => compareRuns([run, redefined]),
    failsWith("NotComparable", /unit 1 in the baseline and B in the other/),
  );
  assert.throws(() => compareRuns([run]), failsWith("Usage", /expected two or more/));
});

test("a run of another build says which part of the program differs", () => {
  const run = exampleRun("a", [exampleCase({ mode: "ipvs" }, { "state.rules": [1] })]);
  const rebuilt = {
    ...run,
    run: { ...run.run, id: "b" },
    tool: { ...run.tool, commit: "abc", wasm: { iptables: "0", ipvs: "1" } },
  };
  assert.ok(
    compareRuns([run, rebuilt]).notes.includes(
      "b was made by another build: commit abc, was unknown, iptables.wasm, ipvs.wasm",
    ),
  );
  assert.ok(compareRuns([run, run]).notes.every((note) => !note.includes("build")));
});

test("another machine makes timings advisory: shown, not gated; exact metrics still count", () => {
  const run = (id: string, centre: number, rules: number, fingerprint: string) => ({
    ...exampleRun(id, [
      exampleCase({ mode: "ipvs" }, { "first.core_ns": around(centre), "state.rules": [rules] }),
    ]),
    environment: { ...exampleEnvironment, fingerprint },
  });
  const comparison = compareRuns([run("a", 100, 1, "a"), run("b", 200, 2, "b")]);
  assert.deepEqual(
    comparison.rows.map(({ metric, verdict, advisory }) => [metric, verdict, advisory]),
    [
      ["first.core_ns", "regressed", true],
      ["state.rules", "regressed", false],
    ],
  );
  assert.deepEqual(
    regressionsOf(comparison, "likely").map(({ metric }) => metric),
    ["state.rules"],
  );
  assert.ok(comparison.notes.some((note) => note.includes("environment of b differs")));
});

test("what only one side has, or could not measure, is listed and not passed over", () => {
  const ok = exampleCase({ mode: "ipvs" }, { "state.rules": [1], "sync.full.bytes": [2] });
  const failed = {
    ...exampleCase({ mode: "iptables" }, {}),
    status: "failed" as const,
    reason: "asked for 5, applied 4",
  };
  const before = exampleRun("a", [
    ok,
    exampleCase({ mode: "iptables" }, {}),
    exampleCase({ mode: "userspace" }, {}),
  ]);
  const after = exampleRun("b", [
    exampleCase({ mode: "ipvs" }, { "state.rules": [1] }),
    failed,
    exampleCase({ mode: "nftables" }, {}),
  ]);
  const { missing, rows } = compareRuns([before, after]);
  assert.equal(rows.length, 1);
  assert.deepEqual(
    missing.map(({ case: place, metric, reason }) => `${place} ${metric}: ${reason}`),
    [
      "mode=ipvs sync.full.bytes: only in the baseline",
      "mode=iptables null: failed in the candidate: asked for 5, applied 4",
      "mode=nftables null: not in the baseline",
      "mode=userspace null: only in the baseline",
    ],
  );
});

test("compareCases sets each value of a label against the first, in pairs by block, other labels alike", () => {
  const metrics = (rules: number, centre: number) => ({
    "first.rules_evaluated": [rules],
    "first.core_ns": around(centre),
  });
  const run = exampleRun("a", [
    exampleCase({ mode: "iptables", services: 10 }, metrics(10, 100)),
    exampleCase({ mode: "ipvs", services: 10 }, metrics(9, 50)),
    exampleCase({ mode: "iptables", services: 20 }, metrics(20, 200)),
    exampleCase({ mode: "ipvs", services: 20 }, metrics(9, 50)),
  ]);
  const comparison = compareCases(run, { label: "mode" });
  assert.equal(comparison.baseline, "mode=iptables");
  assert.deepEqual(
    comparison.rows.map(({ case: place, metric, verdict, paired }) => [place, metric, verdict, paired]),
    [
      ["services=10", "first.rules_evaluated", "improved", false],
      ["services=10", "first.core_ns", "improved", true],
      ["services=20", "first.rules_evaluated", "improved", false],
      ["services=20", "first.core_ns", "improved", true],
    ],
  );
  assert.equal(compareCases(run, { label: "mode", baseline: "ipvs" }).rows[0]?.verdict, "regressed");
  assert.throws(
    () => compareCases(run, { label: "size" }),
    failsWith("InvalidInput", /labels are mode, services/),
  );
  const shuffled = { ...run, scenario: { ...run.scenario, resolved: { sampling: { order: "random" } } } };
  assert.ok(compareCases(shuffled, { label: "mode" }).rows.every(({ paired }) => !paired));
});

test("compareCases settles nothing between modelled times that differ by less than the model errs", () => {
  const priced = (mode: string, ns: number) => exampleCase({ mode }, { "first.kernel_ns": [ns] });
  const run = exampleRun("a", [priced("iptables", 4430), priced("nftables", 4520), priced("ipvs", 9000)]);
  const comparison = compareCases(run, { label: "mode" });
  assert.deepEqual(
    comparison.rows.map(({ candidate, verdict, reason }) => [candidate, verdict, reason]),
    [
      ["mode=nftables", "inconclusive", "less than the model's error of 15%"],
      ["mode=ipvs", "regressed", null],
    ],
  );
  const lines = formatComparison(comparison).split("\n");
  assert.ok(
    lines.includes(
      "  ?  first.kernel_ns [modelled]  changed +2.0% (4,430 to 4,520 ns, modelled): less than the model's error of 15%",
    ),
    lines.join("\n"),
  );
  const [row] = compareRuns([
    exampleRun("a", [priced("ipvs", 4430)]),
    exampleRun("b", [priced("ipvs", 4520)]),
  ]).rows;
  assert.equal(row?.verdict, "regressed", "of one mode, a modelled time differs because its counts do");
});

test("formatComparison groups digits alike in whole numbers and in others", () => {
  const run = (id: string, bytes: number) =>
    exampleRun(id, [exampleCase({ mode: "ipvs" }, { "sync.full.bytes": [bytes] })]);
  const text = formatComparison(compareRuns([run("a", 1_460_971), run("b", 140_129.5)]));
  assert.match(text, /\(1,460,971 to 140,130 B, exact\)/);
});

test("formatComparison prints one line per row: sign, metric, verdict, interval and what supports it", () => {
  const before = {
    "first.rules_evaluated": [12],
    "state.rules": [5000],
    "first.core_ns": around(100),
    "established.core_ns": around(40),
    "mixed.core_ns": wild(100),
  };
  const after = {
    "first.rules_evaluated": [12],
    "state.rules": [6000],
    "first.core_ns": around(112),
    "established.core_ns": around(40),
    "mixed.core_ns": wild(101),
  };
  const run = (id: string, metrics: ExampleMetrics) =>
    exampleRun(id, [exampleCase({ mode: "ipvs", services: 100 }, metrics)]);
  const text = formatComparison(compareRuns([run("old", before), run("new", after)]));
  assert.deepEqual(text.split("\n").slice(0, 4), [
    "new against old",
    "note: not interleaved: drift not controlled",
    "",
    "mode=ipvs services=100",
  ]);
  const line = (metric: string) => text.split("\n").find((each) => each.includes(metric)) ?? "";
  assert.equal(line("first.rules_evaluated"), "  =  first.rules_evaluated [counted]      12");
  assert.equal(
    line("state.rules"),
    "  x  state.rules [counted]                regressed +20.0% (5,000 to 6,000, exact)",
  );
  assert.match(
    line("first.core_ns"),
    /^ {2}x {2}first\.core_ns \[measured-core\] +regressed \+12\.0% \(CI \+\d+\.\d\.\.\+\d+\.\d\), margin 5%, p[<=]0\.\d+, n=10\+10$/,
  );
  assert.match(
    line("established.core_ns"),
    /^ {2}~ {2}established\.core_ns \[measured-core\] +no meaningful change \+0\.0% \(CI -\d\.\d\.\.\+\d\.\d\), within 5%$/,
  );
  assert.match(
    line("mixed.core_ns"),
    /^ {2}\? {2}mixed\.core_ns \[measured-core\] +inconclusive \+1\.0% \(CI .*\): could be up to .*% worse; (about \d+ samples would settle it|more samples will hardly settle it)$/,
  );
  assert.match(
    text,
    /1 identical, 2 regressed, 1 no meaningful change, 1 inconclusive\nsmallest change this run could detect: \d+\.\d%\n\[counted\] .*\n\[measured-core\] .*$/,
  );
  assert.deepEqual(JSON.parse(JSON.stringify(compareRuns([run("old", before), run("new", after)]).counts)), {
    identical: 1,
    improved: 0,
    regressed: 2,
    "no-meaningful-change": 1,
    inconclusive: 1,
  });
});
