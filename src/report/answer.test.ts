import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../base/prng.js";
import type { CaseRecord } from "../measure/run-record.js";
import { answerSentence, crossoverStatements, ratioStatements } from "./answer.js";
import { type Grid, gridsOf, metricValue } from "./grid.js";
import { sampleMetric, sampleRecord } from "./sample-record.test-data.js";

const TWO = ["iptables", "ipvs"];
const gridFor = (cases: readonly CaseRecord[]): Grid => gridsOf(cases)[0] as Grid;
const without = (cases: readonly CaseRecord[], ...names: string[]): CaseRecord[] =>
  cases.map((one) => ({ ...one, metrics: one.metrics.filter((metric) => !names.includes(metric.name)) }));

test("answerSentence gives rules and times at the largest size, and says where the times come from", () => {
  assert.equal(
    answerSentence(sampleRecord({ modes: TWO }).cases),
    "At 10,000 Services a new connection evaluates 5,003 rules under iptables and 9 under ipvs: " +
      "29 us against 1.1 us (modelled kernel time).",
  );
});

test("answerSentence lists more than two modes, costliest first", () => {
  assert.equal(
    answerSentence(sampleRecord({ modes: ["ipvs", "nftables", "iptables"] }).cases),
    "At 10,000 Services a new connection evaluates 5,003 rules under iptables, 12 under nftables and 9 under " +
      "ipvs: 29 us, 1.2 us and 1.1 us (modelled kernel time).",
  );
});

test("answerSentence names the measured core when nothing was modelled, and no time when there is none", () => {
  const { cases } = sampleRecord({ modes: TWO });
  assert.match(answerSentence(without(cases, "first.kernel_ns")), /\(measured in the WASM core\)\.$/);
  assert.equal(
    answerSentence(without(cases, "first.kernel_ns", "first.core_ns")),
    "At 10,000 Services a new connection evaluates 5,003 rules under iptables and 9 under ipvs.",
  );
  assert.match(
    answerSentence(without(cases, "first.rules_evaluated")),
    /first packet takes 29 us under iptables/,
  );
});

test("answerSentence never mixes provenance: one mode without a modelled time leaves the times out", () => {
  const { cases } = sampleRecord({ modes: ["iptables", "ipvs", "nftables"] });
  const mixed = cases.map((one) =>
    one.labels["mode"] === "ipvs" ? (without([one], "first.kernel_ns")[0] as CaseRecord) : one,
  );
  assert.doesNotMatch(answerSentence(mixed), /modelled|us/);
});

test("answerSentence answers at the largest size that two modes finished", () => {
  const { cases } = sampleRecord({ modes: TWO });
  const failed = cases.map(
    (one): CaseRecord =>
      one.id === "mode=ipvs services=10000" ? { ...one, status: "failed", reason: "out of memory" } : one,
  );
  assert.match(answerSentence(failed), /^At 1,000 Services .* 503 rules under iptables/);
});

test("answerSentence says that there is no answer when no case can give one", () => {
  assert.match(answerSentence([]), /^No answer/);
  assert.match(answerSentence(sampleRecord({ modes: [] }).cases), /^No answer/);
  const failed = sampleRecord({ modes: TWO }).cases.map(
    (one): CaseRecord => ({ ...one, status: "failed", reason: "x" }),
  );
  assert.match(answerSentence(failed), /^No answer/);
});

test("ratioStatements compares every mode with the fastest, with provenance", () => {
  const [statement] = ratioStatements(
    gridFor(sampleRecord({ modes: ["iptables", "ipvs", "nftables"] }).cases),
  );
  assert.equal(
    statement,
    "At 10,000 Services ipvs and nftables are the fastest per new connection (modelled kernel time; between them less " +
      "than 15%, the model's error): compared with ipvs, iptables takes 26.2 times as long.",
  );
  const [two] = ratioStatements(gridFor(sampleRecord({ modes: TWO }).cases));
  assert.equal(
    two,
    "At 10,000 Services ipvs is the fastest per new connection (modelled kernel time): iptables takes 26.2 times as long.",
  );
  const [alike] = ratioStatements(gridFor(sampleRecord({ modes: ["ipvs", "nftables"] }).cases));
  assert.equal(
    alike,
    "At 10,000 Services ipvs and nftables cannot be told apart per new connection: they differ by less than 15%, the " +
      "model's error.",
  );
});

test("crossoverStatements says between which measured sizes two modes change places, then which never do", () => {
  const grid = gridFor(sampleRecord({ modes: ["iptables", "ipvs", "nftables"] }).cases);
  const texts = crossoverStatements(grid, "first.kernel_ns").map((one) => one.text);
  assert.deepEqual(texts, [
    "iptables costs less below about 260 Services, ipvs above (between the measured 100 and 1,000)",
    "iptables costs less below about 300 Services, nftables above (between the measured 100 and 1,000)",
    "At every size that both finished, from 100 to 10,000 Services, ipvs costs as much as nftables, as far as can be told",
  ]);
  assert.deepEqual(crossoverStatements(gridFor(sampleRecord({ sizes: [100] }).cases), "first.kernel_ns"), []);
});

test("crossoverStatements claims no side at sizes where modelled times differ by less than the model errs", () => {
  const values: Readonly<Record<string, readonly number[]>> = {
    iptables: [4000, 4430, 9000],
    nftables: [5000, 4520, 4500],
    ipvs: [4100, 6000, 9900],
  };
  const { cases } = sampleRecord({ modes: Object.keys(values), workers: [] });
  const priced = cases.map((one) => ({
    ...one,
    metrics: [
      sampleMetric(
        "first.kernel_ns",
        values[one.labels["mode"] ?? ""]?.[[100, 1000, 10_000].indexOf(Number(one.labels["services"]))] ?? 0,
        new Prng(1),
      ),
    ],
  }));
  assert.deepEqual(
    crossoverStatements(gridFor(priced), "first.kernel_ns").map((one) => one.text),
    [
      "iptables costs less below 1,000 Services, nftables above (they cannot be told apart at 1,000)",
      "ipvs costs less below about 260 Services, nftables above (between the measured 100 and 1,000)",
      "At every size that both finished, from 100 to 10,000 Services, iptables costs less than ipvs (not told apart at " +
        "100 and 10,000)",
    ],
  );
});

test("crossoverStatements makes no crossover of timings whose intervals overlap", () => {
  const grid = gridFor(sampleRecord({ modes: ["iptables", "nftables"] }).cases);
  const values = (mode: string) =>
    grid.sizes.map((size) => metricValue(grid.at(mode, size), "established.core_ns") ?? 0);
  const signs = values("iptables").map((value, index) => Math.sign(value - (values("nftables")[index] ?? 0)));
  assert.ok(
    new Set(signs).size > 1,
    "the sample's medians do not change places: the test would prove nothing",
  );
  assert.deepEqual(
    crossoverStatements(grid, "established.core_ns").map((one) => one.text.includes("below about")),
    [false],
  );
});

test("answerSentence answers a run about affinity about affinity, place by place", () => {
  const share = (value: number) => ({ ...sampleMetric("affinity.broken_share", value, new Prng(1)) });
  const cases = sampleRecord({ modes: ["iptables", "ipvs"], sizes: [200], workers: [] }).cases.flatMap(
    (one) =>
      [0, 0.25].map(
        (churn): CaseRecord => ({
          ...one,
          id: `${one.id} churn=${churn}`,
          labels: { mode: one.labels["mode"] ?? "", churn: `${churn * 100}%` },
          metrics: [...one.metrics, share(one.labels["mode"] === "ipvs" ? 0 : churn)],
        }),
      ),
  );
  assert.equal(
    answerSentence(cases),
    "Of the clients that return within the timeout, sent to another endpoint: none under every mode at churn=0%; " +
      "25% under iptables and none under ipvs at churn=25% (counted).",
  );
});

test("answerSentence answers a run about conntrack with entries and drops", () => {
  const [one] = sampleRecord({ modes: ["iptables"], sizes: [100], workers: [] }).cases as [CaseRecord];
  const cases = [60_000, 131_072].map(
    (entries, index): CaseRecord => ({
      ...one,
      id: `rate=${index}`,
      labels: { mode: "iptables", rate: `${index + 1}k/s` },
      metrics: [
        sampleMetric("conntrack.entries", entries, new Prng(1)),
        sampleMetric("conntrack.dropped", index * 5500, new Prng(1)),
      ],
    }),
  );
  assert.equal(
    answerSentence(cases),
    "Most connections held at once: 60,000 at rate=1k/s (no packet dropped); 131,072 at rate=2k/s (5,500 packets dropped); counted.",
  );
});

test("answerSentence answers a run without packets with what a sync writes", () => {
  const cases = sampleRecord({ modes: TWO, workers: [] }).cases.map((one) => ({
    ...one,
    metrics: one.metrics.filter((metric) => metric.name.startsWith("sync.")),
  }));
  assert.equal(
    answerSentence(cases),
    "A full sync writes these rules and elements: 160,021 under iptables and 50,000 under ipvs at 10,000 Services (counted).",
  );
});
