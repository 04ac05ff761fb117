import assert from "node:assert/strict";
import { test } from "node:test";
import { metricRecord } from "../measure/summary.js";
import type { CaseRecord } from "../measure/run-record.js";
import { answerSentence } from "./answer.js";
import { reportHtml } from "./html.js";
import { scoreboardMarkdown } from "./markdown-tables.js";
import { sampleRecord } from "./sample-record.test-data.js";

function joined(nodes: number, readyNs: number): CaseRecord {
  const samples = [{ block: 0, value: readyNs }];
  return {
    id: `bench=node-join nodes=${nodes}`,
    labels: { bench: "node-join", nodes },
    status: "ok",
    reason: null,
    workload: { requested: { nodes }, applied: { nodes } },
    metrics: [metricRecord("join.ready_ns", samples)],
    controlplane: true,
  };
}

const cases = [joined(100, 0.5e9), joined(5000, 12e9)];

test("answerSentence tells of the largest size that went through the control plane", () => {
  assert.match(
    answerSentence(cases),
    /^node-join, nodes=5000: all nodes Ready in 12(\.0)? s\. Measured in this program\.$/,
  );
});

test("reportHtml has a section for the control plane, whose cases are in no grid of modes", () => {
  const html = reportHtml({ ...sampleRecord(), cases, thresholds: [] });
  assert.match(html, /<h2>Through the control plane<\/h2>/);
  assert.match(html, /nodes=5000/);
  assert.doesNotMatch(html, /<h2>Scoreboard<\/h2>/);
});

test("scoreboardMarkdown gives each benchmark a table of its own", () => {
  assert.match(scoreboardMarkdown({ ...sampleRecord(), cases }), /\| bench=node-join nodes=5000 \|/);
});
