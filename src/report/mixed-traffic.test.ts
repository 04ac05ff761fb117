// A run of `packets: mixed` alone is answered about its packets, on the terminal, in Markdown and on the page.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricName } from "../measure/metrics.js";
import type { MetricRecord, RunRecord } from "../measure/run-record.js";
import { answerSentence } from "./answer.js";
import { reportHtml } from "./html.js";
import { reportMarkdown } from "./markdown.js";
import { sampleRecord } from "./sample-record.test-data.js";
import { formatTable } from "./terminal.js";

/** A sample run whose first packets are called mixed, and which has no other packets. */
function mixedOnly(run: RunRecord): RunRecord {
  const renamed = (metric: MetricRecord): readonly MetricRecord[] => {
    if (metric.name.startsWith("established.") || metric.name === "first.lookups") return [];
    return [{ ...metric, name: metric.name.replace("first.", "mixed.") as MetricName }];
  };
  return { ...run, cases: run.cases.map((one) => ({ ...one, metrics: one.metrics.flatMap(renamed) })) };
}

const record = mixedOnly(sampleRecord({ modes: ["iptables", "ipvs"], workers: [] }));
const SENTENCE =
  "At 10,000 Services a packet of the mixed traffic evaluates 5,003 rules under iptables and 9 under ipvs: " +
  "29 us against 1.1 us (modelled kernel time).";

test("answerSentence answers a run of mixed packets about them, and not about its syncs", () => {
  assert.equal(answerSentence(record.cases), SENTENCE);
});

test("formatTable shows the columns of mixed packets", () => {
  const text = formatTable(record, { width: 100, color: false });
  assert.match(text, /Rules, mixed traffic \[counted\]/);
  assert.match(text, /Kernel, mixed traffic \[modelled\]/);
  assert.match(text, /Core, mixed traffic \[measured-core\]/);
});

test("reportMarkdown and reportHtml show mixed packets with ratio and crossover", () => {
  const markdown = reportMarkdown(record);
  assert.match(markdown, /Kernel, mixed traffic `modelled`/);
  assert.match(markdown, /ipvs is the fastest per packet of the mixed traffic/);
  assert.match(markdown, /iptables costs less below about 260 Services/);
  const page = reportHtml(record).replace(/<[^>]*>/g, "");
  assert.match(page, /Where curves cross, per packet of the mixed traffic/);
  assert.ok(page.includes("a packet of the mixed traffic evaluates 5,003 rules"));
});
