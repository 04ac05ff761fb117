// A run prints the record it holds in memory, `plumb report` one that it read: keys as they were set, keys sorted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { writeRecord } from "../measure/record-json.js";
import type { RunRecord } from "../measure/run-record.js";
import { kernelCsv, samplesCsv, summaryCsv } from "./csv.js";
import { reportHtml } from "./html.js";
import { junitXml } from "./junit.js";
import { reportMarkdown } from "./markdown.js";
import { sampleVerifiedRecord } from "./sections/sample-kernel.test-data.js";
import { formatTable } from "./terminal.js";

/** The same value with every object's keys the other way round: never sorted, where there are two. */
function reversed<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(reversed) as Value;
  if (typeof value !== "object" || value === null) return value;
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? 1 : -1));
  return Object.fromEntries(sorted.map(([key, item]) => [key, reversed(item)])) as Value;
}

const record = reversed(withLabelsAndTies(sampleVerifiedRecord()));
const read = JSON.parse(writeRecord(record)) as RunRecord;

/** Three labels a case, thresholds on two labels, modules in two, and parts of a packet that cost the same. */
function withLabelsAndTies(run: RunRecord): RunRecord {
  const cases = run.cases.map((one) => ({
    ...one,
    id: `${one.id} zone=a traffic=even`,
    labels: { ...one.labels, zone: "a", traffic: "even" },
    metrics: one.metrics.map((metric) =>
      metric.breakdown ? { ...metric, breakdown: { zebra: 3, ...metric.breakdown, ape: 3 } } : metric,
    ),
  }));
  const thresholds = run.thresholds.map((one) => ({ ...one, ok: false }));
  const tool = { ...run.tool, wasm: { packet: "00".repeat(32), conntrack: "11".repeat(32) } };
  return { ...run, tool, cases, thresholds };
}

for (const [name, print] of Object.entries({
  reportHtml,
  reportMarkdown,
  junitXml,
  samplesCsv,
  summaryCsv,
  kernelCsv: (run: RunRecord) => kernelCsv(run) ?? "",
  formatTable: (run: RunRecord) => formatTable(run, { width: 100, color: false }),
})) {
  test(`${name} writes the same text for a record in memory and for the one read from its file`, () => {
    assert.notEqual(JSON.stringify(record), JSON.stringify(read), "the orders of keys do not differ");
    const [own, other] = [print(record).split("\n"), print(read).split("\n")];
    const at = own.findIndex((line, index) => line !== other[index]);
    assert.equal(own[at], other[at]);
    assert.equal(own.length, other.length);
  });
}
