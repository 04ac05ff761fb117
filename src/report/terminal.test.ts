import assert from "node:assert/strict";
import { test } from "node:test";
import type { CaseRecord } from "../measure/run-record.js";
import { sampleRecord } from "./sample-record.test-data.js";
import { formatTable } from "./terminal.js";

const record = sampleRecord();

for (const width of [80, 120]) {
  test(`formatTable fits ${width} columns`, () => {
    const lines = formatTable(record, { width, color: false }).split("\n");
    const widest = Math.max(...lines.map((line) => line.length));
    assert.ok(widest <= width, `widest line has ${widest} columns, limit ${width}`);
  });
}

test("formatTable labels every column group with its provenance and explains it below", () => {
  const text = formatTable(record, { width: 100, color: false });
  assert.match(text, /Rules, first packet \[counted\]/);
  assert.match(text, /Kernel, first packet \[modelled\]/);
  assert.match(text, /Core, first packet \[measured-core\]/);
  assert.match(text, /^\[modelled\] counts times calibrated costs/m);
});

test("formatTable marks the best of a column with a sign, and colours only when told", () => {
  const plain = formatTable(record, { width: 200, color: false });
  assert.match(plain, /^ipvs +9\* +9\* +9\*/m);
  assert.ok(!plain.includes("\u001b"), "colour codes without colour");
  assert.ok(formatTable(record, { width: 200, color: true }).includes("\u001b[32m"), "no green with colour");
});

test("formatTable prints why a case did not finish, without control characters of the record", () => {
  const cases = record.cases.map(
    (one, index): CaseRecord =>
      index === 0 ? { ...one, status: "unsupported", reason: "no \u001b[31mred\n kernel" } : one,
  );
  const text = formatTable({ ...record, cases }, { width: 120, color: false });
  assert.match(text, /unsupported mode=userspace services=100: no \[31mred kernel/);
  assert.ok(!text.includes("\u001b"));
});

test("formatTable prints an empty run as having no answer", () => {
  assert.match(formatTable({ ...record, cases: [] }, { width: 80, color: false }), /^No answer/);
});
