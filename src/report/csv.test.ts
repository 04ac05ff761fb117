import assert from "node:assert/strict";
import { test } from "node:test";
import type { CaseRecord } from "../measure/run-record.js";
import { samplesCsv, summaryCsv } from "./csv.js";
import { sampleRecord } from "./sample-record.test-data.js";

const record = sampleRecord({ modes: ["iptables"], sizes: [100], workers: [] });

test("samplesCsv holds one row per sample with labels as columns", () => {
  const lines = samplesCsv(record).trimEnd().split("\r\n");
  const samples = record.cases.flatMap((one) => one.metrics.flatMap((metric) => metric.samples)).length;
  assert.equal(lines[0], "case,status,mode,services,metric,unit,provenance,block,value");
  assert.equal(lines.length, samples + 1);
  assert.equal(
    lines[1],
    "mode=iptables services=100,ok,iptables,100,first.rules_evaluated,1,counted,0,53.27",
  );
});

test("summaryCsv leaves what is missing empty", () => {
  const rules = summaryCsv(record).split("\r\n")[1]?.split(",") ?? [];
  assert.deepEqual(rules.slice(4, 11), ["first.rules_evaluated", "1", "counted", "1", "53.27", "", ""]);
});

test("samplesCsv quotes what would break a row and disarms what a spreadsheet would run", () => {
  const [first] = record.cases;
  const hostile = { ...first, id: '=cmd|"x",\n1' } as CaseRecord;
  assert.match(samplesCsv({ ...record, cases: [hostile] }), /\r\n"'=cmd\|""x"",\n1",ok/);
});
