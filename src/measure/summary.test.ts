import assert from "node:assert/strict";
import { test } from "node:test";
import { Histogram } from "./histogram.js";
import { METRICS } from "./metrics.js";
import { distributionOf, metricRecord } from "./summary.js";

const samplesOf = (values: readonly number[]) => values.map((value, block) => ({ block, value }));

test("metricRecord copies the metric's row and summarises the samples", () => {
  const record = metricRecord("first.core_ns", samplesOf([12, 10, 11, 14, 13, 15]));
  assert.deepEqual(
    { unit: record.unit, provenance: record.provenance },
    { unit: "ns", provenance: "measured-core" },
  );
  assert.equal(record.summary.median, 12.5);
  assert.deepEqual([record.summary.n, record.summary.min, record.summary.max], [6, 10, 15]);
  const [low, high] = record.summary.ci95 as [number, number];
  assert.ok(low >= 10 && low < 12.5 && high > 12.5 && high <= 15, `${low}..${high}`);
  assert.deepEqual(record, metricRecord("first.core_ns", samplesOf([12, 10, 11, 14, 13, 15])));
});

test("metricRecord gives no interval below six samples and none for exact metrics", () => {
  assert.equal(metricRecord("first.core_ns", samplesOf([1, 2, 3, 4, 5])).summary.ci95, null);
  assert.equal(metricRecord("state.rules", samplesOf([7])).summary.ci95, null);
});

test("metricRecord asserts one sample for exact metrics, at least one, and finite values", () => {
  assert.throws(
    () => metricRecord("state.rules", samplesOf([7, 7])),
    /exact metric state.rules has 2 samples/,
  );
  assert.throws(() => metricRecord("first.core_ns", []), /no sample/);
  assert.throws(() => metricRecord("first.core_ns", samplesOf([Number.NaN])), /a sample is NaN/);
});

test("metricRecord keeps breakdown and distribution only when there are any", () => {
  const bare = metricRecord("first.core_ns", samplesOf([1]));
  assert.deepEqual(
    Object.keys(bare).filter((key) => key === "distribution" || key === "breakdown"),
    [],
  );
  const histogram = new Histogram();
  histogram.record(3);
  const full = metricRecord("first.rules_evaluated", samplesOf([3]), {
    histogram,
    breakdown: { ctLookups: 1 },
  });
  assert.deepEqual(full.distribution?.buckets, [[3, 1]]);
  assert.deepEqual(full.breakdown, { ctLookups: 1 });
});

test("distributionOf leaves out percentiles with too few observations", () => {
  const known = (count: number) => {
    const histogram = new Histogram();
    for (let value = 0; value < count; value++) histogram.record(value % 100);
    const { percentiles } = distributionOf(histogram, "service-time");
    return Object.entries(percentiles)
      .flatMap(([name, value]) => (value === null ? [] : [name]))
      .join();
  };
  assert.equal(known(4), "");
  assert.equal(known(5), "p50");
  assert.equal(known(29), "p10,p50,p90");
  assert.equal(known(298), "p10,p50,p90");
  assert.equal(known(299), "p1,p10,p50,p90,p99");
  assert.equal(known(2994), "p1,p10,p50,p90,p99");
  assert.equal(known(2995), "p1,p10,p50,p90,p99,p99.9");
});

test("METRICS use base units and give every row a meaning", () => {
  for (const [name, row] of Object.entries(METRICS)) assert.ok(row.meaning.length > 10, name);
});
