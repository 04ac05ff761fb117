import assert from "node:assert/strict";
import { test } from "node:test";
import { metricRecord } from "../measure/summary.js";
import type { CaseRecord } from "../measure/run-record.js";
import { answerSentence } from "./answer.js";
import { reportHtml } from "./html.js";
import { scoreboardMarkdown } from "./markdown-tables.js";
import { sampleRecord } from "./sample-record.test-data.js";
import { formatTable } from "./terminal.js";

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

function programmed(mode: string, latencyNs: number): CaseRecord {
  return {
    ...joined(0, 1),
    id: `bench=programming-latency mode=${mode}`,
    labels: { bench: "programming-latency", mode, services: 100 },
    metrics: [metricRecord("programming.latency_ns", [{ block: 0, value: latencyNs }])],
  };
}

const several = [...cases, programmed("iptables", 0.5e9), programmed("nftables", 0.25e9)];

test("answerSentence tells of several benchmarks in few words, and of every mode", () => {
  assert.match(
    answerSentence(several),
    /^All nodes Ready in 12(\.0)? s \(nodes=5000\); rules lead to a ready Pod after 500 ms \(iptables\), 250 ms \(nftables\)\. Measured in this program\.$/,
  );
});

test("formatTable gives each benchmark lines of metrics and columns of cases, which wrap", () => {
  const record = { ...sampleRecord(), cases: several, thresholds: [] };
  const wide = formatTable(record, { width: 100, color: false });
  assert.match(wide, /^node-join +nodes=100 +nodes=5000\nAll nodes Ready +500 ms +12(\.0)? s$/m);
  assert.match(wide, /^programming-latency +mode=iptables services=100 +mode=nftables services=100$/m);
  const narrow = formatTable(record, { width: 50, color: false });
  assert.match(narrow, /^programming-latency +mode=iptables services=100$/m);
  assert.match(narrow, /^programming-latency +mode=nftables services=100$/m);
});
