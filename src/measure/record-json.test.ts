import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { PlumbError } from "../base/errors.js";
import { canonicalJson, digestOf } from "./canonical-json.js";
import { exampleCase, exampleRun } from "./example-run.test-data.js";
import { Histogram } from "./histogram.js";
import { METRICS, type MetricName, PROVENANCES, UNITS } from "./metrics.js";
import { readRecord, writeRecord } from "./record-json.js";
import { resultSchema } from "./result-schema.js";
import type { MetricRecord, RunRecord } from "./run-record.js";
import { metricRecord } from "./summary.js";

/** A run with every metric, a distribution and a breakdown. */
function fullRun(): RunRecord {
  const names = Object.keys(METRICS) as MetricName[];
  const values = (name: MetricName) => (METRICS[name].assume === "exact" ? [3] : [1, 2, 3, 4, 5, 6]);
  const record = exampleCase(
    { mode: "ipvs", services: 100 },
    Object.fromEntries(names.map((name) => [name, values(name)])),
  );
  const histogram = new Histogram();
  for (let value = 0; value < 400; value++) histogram.record(value);
  const detailed = metricRecord("first.rules_evaluated", [{ block: 0, value: 3 }], {
    histogram,
    breakdown: { ctLookups: 1 },
  });
  const metrics = record.metrics.map(
    (metric): MetricRecord => (metric.name === detailed.name ? detailed : metric),
  );
  const threshold = {
    metric: "state.rules",
    where: { mode: "ipvs" },
    must: "<= 5",
    because: "test",
    ok: null,
    got: null,
  } as const;
  const run = exampleRun("full", [{ ...record, metrics }], { thresholds: [threshold] });
  return { ...run, warnings: [{ code: "NOISY", message: "others used the machine", hint: "close them" }] };
}

const refuses = (text: string, pattern: RegExp) =>
  assert.throws(
    () => readRecord({ file: "r.json", text }),
    (error: unknown) =>
      error instanceof PlumbError && error.code === "InvalidInput" && pattern.test(error.message),
    String(pattern),
  );

test("writeRecord and readRecord give the record back, whatever order its keys had", () => {
  const run = fullRun();
  const text = writeRecord(run);
  assert.deepEqual(readRecord({ file: "r.json", text }), run);
  const reversed = Object.fromEntries(Object.entries(run).reverse()) as unknown as RunRecord;
  assert.equal(writeRecord(reversed), text);
});

test("canonicalJson sorts keys, keeps what fits on one line, and ends with a line feed", () => {
  assert.equal(canonicalJson({ b: [1, 2], a: { d: null, c: "x" } }), '{"a":{"c":"x","d":null},"b":[1,2]}\n');
  const long = canonicalJson({ list: Array.from({ length: 60 }, (_, index) => index), text: "y".repeat(90) });
  assert.ok(
    long.split("\n").every((line) => line.length <= 104),
    long,
  );
  assert.deepEqual(JSON.parse(long).list.length, 60);
  assert.equal(digestOf({ a: 1, b: 2 }), digestOf({ b: 2, a: 1 }));
});

test("writeRecord asserts that no number is NaN or infinite and nothing is undefined", () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, undefined]) {
    assert.throws(() => canonicalJson({ deep: [{ value: bad }] }), /\.deep\[0\]\.value is/);
  }
});

test("readRecord refuses what is no JSON, foreign, newer or malformed, each with its reason", () => {
  const run = fullRun();
  refuses("{", /^Cannot read result 'r.json': it is not JSON/);
  refuses("[]", /it is not a result of plumbline/);
  refuses('{"schemaVersion":"1.0.0","tool":{"name":"k6"}}', /it is not a result of plumbline/);
  refuses(
    writeRecord({ ...run, schemaVersion: "1.4.0" }),
    /its layout is 1\.4\.0, this plumbline reads 1\.0 to 1\.3/,
  );
  refuses(writeRecord({ ...run, schemaVersion: "2.0.0" }), /its layout is 2\.0\.0/);
  refuses(writeRecord({ ...run, extra: 1 } as RunRecord), /must NOT have additional properties \(extra\)/);
  refuses(
    writeRecord(run).replace('"measured-core"', '"guessed"'),
    /provenance: must be equal to one of the allowed values \(counted, /,
  );
});

test("resultSchema is a valid strict schema: it accepts built records and refuses any unknown key in them", () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(resultSchema);
  const run = fullRun();
  assert.ok(validate(JSON.parse(writeRecord(run))), JSON.stringify(validate.errors));
  // Places whose keys are data: labels, counters, module names, the resolved scenario.
  const open = new Set(["labels", "where", "requested", "applied", "wasm", "resolved", "breakdown"]);
  let tried = 0;
  const visit = (value: unknown, key: string): void => {
    if (typeof value !== "object" || value === null) return;
    if (!Array.isArray(value) && !open.has(key)) {
      Object.assign(value, { unknownKey: 1 });
      assert.equal(validate(root), false, `an unknown key in ${key} was accepted`);
      delete (value as Record<string, unknown>)["unknownKey"];
      tried++;
    }
    if (!open.has(key))
      for (const [name, item] of Object.entries(value)) visit(item, Array.isArray(value) ? key : name);
  };
  const root: unknown = JSON.parse(writeRecord(run));
  visit(root, "(root)");
  assert.ok(tried > 30, `${tried} objects tried`);
});

test("resultSchema takes metric names, units and provenances from the tables, and describes every field", () => {
  const enums = new Map<string, unknown>();
  const described: string[] = [];
  const visit = (schema: unknown, key: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    if ("enum" in schema) enums.set(key, schema.enum);
    if ("properties" in schema && typeof schema.properties === "object" && schema.properties !== null) {
      for (const [name, part] of Object.entries(schema.properties)) {
        const parts = "anyOf" in part ? (part.anyOf as object[]) : [part];
        if (!parts.some((each) => "description" in each || "const" in each)) described.push(name);
      }
    }
    for (const [name, part] of Object.entries(schema)) visit(part, name);
  };
  visit(resultSchema, "");
  assert.deepEqual(enums.get("name"), Object.keys(METRICS));
  assert.deepEqual(enums.get("metric"), Object.keys(METRICS));
  assert.deepEqual(enums.get("unit"), UNITS);
  assert.deepEqual(enums.get("provenance"), Object.keys(PROVENANCES));
  assert.deepEqual(described, []);
});
