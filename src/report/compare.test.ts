import assert from "node:assert/strict";
import { test } from "node:test";
import { compareRuns } from "../measure/compare.js";
import type { MetricRecord, RunRecord } from "../measure/run-record.js";
import { compareHtml } from "./compare-html.js";
import { compareMarkdown } from "./compare-markdown.js";
import { sampleRecord } from "./sample-record.test-data.js";

const before = sampleRecord({ modes: ["iptables", "ipvs"] });
/** The run again, with some metrics changed by a factor. */
function changed(factors: Readonly<Record<string, number>>, id = "after"): RunRecord {
  const scaled = (metric: MetricRecord): MetricRecord => {
    const factor = factors[metric.name] ?? 1;
    const samples = metric.samples.map((sample) => ({ ...sample, value: sample.value * factor }));
    return { ...metric, samples, summary: { ...metric.summary, median: metric.summary.median * factor } };
  };
  const cases = before.cases.map((one) => ({ ...one, metrics: one.metrics.map(scaled) }));
  return { ...before, cases, run: { ...before.run, id } };
}
const after = changed({
  "first.rules_evaluated": 2,
  "first.core_ns": 1.5,
  "established.core_ns": 0.5,
  "sync.full.compile_ns": 1.04,
});
const comparison = compareRuns([before, after]);
const page = compareHtml(comparison, [before, after]);
const sectionOf = (verdict: string) =>
  new RegExp(`<section id="${verdict}"[\\s\\S]*?</section>`).exec(page)?.[0] ?? "";

test("compareHtml groups rows by verdict, regressions first, and counts them in the headline", () => {
  const order = [...page.matchAll(/<section id="([a-z-]+)"/g)].map((match) => match[1]);
  assert.deepEqual(order.slice(0, 3), ["verdict", "regressed", "improved"]);
  assert.match(sectionOf("verdict"), /status-fail/);
  assert.match(
    sectionOf("verdict"),
    new RegExp(`${comparison.counts.regressed} regressed, ${comparison.counts.improved} improved`),
  );
});

test("compareHtml draws a row of the forest plot for every row, with the margin and the interval", () => {
  assert.equal(page.match(/<svg class="forest"[^>]*aria-label="[a-z]+\./g)?.length, comparison.rows.length);
  assert.ok(comparison.counts.regressed > 0 && comparison.counts.improved > 0, "the sample should hold both");
});

test("compareHtml never paints good what is not an improvement, nor bad what is not a regression", () => {
  for (const verdict of ["inconclusive", "no-meaningful-change", "identical", "regressed"]) {
    assert.ok(!sectionOf(verdict).includes("var(--good)"), `${verdict} has good's colour`);
  }
  for (const verdict of ["inconclusive", "no-meaningful-change", "identical", "improved"]) {
    assert.ok(!sectionOf(verdict).includes("var(--bad)"), `${verdict} has bad's colour`);
  }
  assert.ok(sectionOf("improved").includes("var(--good)"));
});

test("compareHtml gives every number its badge, and says which change could have been found", () => {
  const rows = page.match(/<tr><th scope="row">[\s\S]*?<\/tr>/g) ?? [];
  const numbered = rows.filter((row) => row.includes("data-provenance"));
  assert.equal(numbered.length, comparison.rows.length);
  for (const row of numbered) {
    const [, provenance] = /data-provenance="([^"]*)"/.exec(row) ?? [];
    assert.ok(row.includes(`badge-${provenance}"`), `no ${provenance} badge in ${row.slice(0, 200)}`);
  }
  assert.ok(page.includes("could detect"));
});

test("compareHtml lists what was not compared, and escapes what the runs say", () => {
  const evil = `<img src=x onerror=alert(1)>`;
  const failed = changed({}, evil);
  const cases = failed.cases.map((one, index) =>
    index === 0 ? { ...one, status: "failed" as const, reason: evil } : one,
  );
  const html = compareHtml(compareRuns([before, { ...failed, cases }]), [before, { ...failed, cases }]);
  assert.ok(!html.includes("<img"), "text of a run became an element");
  assert.ok(html.includes('<section id="missing"'), "the failed case is not listed");
});

test("compareMarkdown shows regressions openly, folds away what did not change, and stays below 60,000 characters", () => {
  const text = compareMarkdown(comparison);
  assert.match(text, /^## after against 20260102T030405Z-quick\n\n\*\*\d+ regressed/);
  assert.ok(text.indexOf("### ✗ regressed") < text.indexOf("<details><summary>= identical"));
  const many = sampleRecord({ sizes: Array.from({ length: 80 }, (_, index) => 100 + index) });
  assert.ok(compareMarkdown(compareRuns([many, { ...many, run: { ...many.run, id: "b" } }])).length < 60_000);
});
