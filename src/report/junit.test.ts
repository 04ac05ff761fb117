import assert from "node:assert/strict";
import { test } from "node:test";
import type { CaseRecord } from "../measure/run-record.js";
import { junitXml } from "./junit.js";
import { sampleRecord } from "./sample-record.test-data.js";

const record = sampleRecord({ modes: ["iptables", "ipvs"], sizes: [100], workers: [] });

test("junitXml makes a test of every case, every threshold and the verdict", () => {
  const text = junitXml(record);
  assert.match(text, /<testsuite name="quick" tests="4" failures="0" skipped="0" errors="0"/);
  assert.match(text, /<testcase classname="quick.case" name="mode=iptables services=100"\/>/);
});

test("junitXml fails broken and unjudged thresholds and failed cases, and skips unsupported ones with the reason", () => {
  const [first, second] = record.cases as [CaseRecord, CaseRecord];
  const cases: CaseRecord[] = [
    { ...first, status: "failed", reason: "no rules" },
    { ...second, status: "unsupported", reason: "no ip_vs" },
  ];
  const thresholds = [false, null].flatMap((ok) =>
    record.thresholds.map((one) => ({ ...one, ok, got: ok === null ? null : 99 })),
  );
  const text = junitXml({ ...record, cases, thresholds });
  assert.match(text, /tests="5" failures="3" skipped="1"/);
  assert.match(text, /<failure message="no rules"\/>/);
  assert.match(text, /<skipped message="no ip_vs"\/>/);
  assert.match(text, /could not be evaluated/);
});

test("junitXml escapes what would break XML", () => {
  const text = junitXml({ ...record, scenario: { ...record.scenario, name: `a"<b>&\u0000'` } });
  assert.match(text, /<testsuite name="a&#34;&#60;b&#62;&#38; &#39;"/);
});
