import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import type { Distribution } from "../../measure/run-record.js";
import { themed, standIn } from "../palette.js";
import { histogramSteps, quantiles, supportedShare } from "./distribution.js";
import { logDomain, logTicks } from "./log-axis.js";
import { spread } from "./marks.js";
import { renderSvg } from "./svg.js";

test("spread keeps labels apart, in order and inside, and leaves those alone that have room", () => {
  assert.deepEqual(spread([10, 50, 90], 15, 0, 100), [10, 50, 90]);
  const seed = 5;
  const random = new Prng(seed);
  for (let trial = 0; trial < 200; trial++) {
    const wanted = Array.from({ length: 1 + random.below(6) }, () => random.unit() * 300).sort(
      (a, b) => a - b,
    );
    const placed = spread(wanted, 15, 0, 300);
    placed.forEach((place, index) => {
      assert.ok(place >= 0 && place <= 300, `seed ${seed}: ${place} outside`);
      const gap = place - (placed[index - 1] ?? Number.NEGATIVE_INFINITY);
      assert.ok(gap >= 15 - 1e-9, `seed ${seed}: labels ${gap} apart`);
    });
  }
});

test("logTicks gives powers of ten, and steps of 1, 2 and 5 where there are fewer than three", () => {
  assert.deepEqual(logTicks({ min: 7, max: 20_000 }), [10, 100, 1000, 10_000]);
  assert.deepEqual(logTicks({ min: 15, max: 300 }), [20, 50, 100, 200]);
  assert.deepEqual(logTicks({ min: 2, max: 9 }), [2, 5]);
});

test("logDomain holds every positive value, is never flat, and survives having none", () => {
  const domain = logDomain([0, 9, 5003]);
  assert.ok(domain.min < 9 && domain.min > 1 && domain.max > 5003);
  const flat = logDomain([12, 12]);
  assert.ok(flat.max / flat.min >= 9.9, `${flat.min} to ${flat.max}`);
  assert.deepEqual(logDomain([0, Number.NaN]), { min: 1, max: 10 });
});

test("quantiles rise to the whole and are thinned without losing the ends", () => {
  const buckets = Array.from({ length: 1000 }, (_, index): [number, number] => [index + 1, 1]);
  const none = { p1: null, p10: null, p50: null, p90: null, p99: null, "p99.9": null };
  const distribution: Distribution = { count: 1000, percentiles: none, buckets, omission: "service-time" };
  const corners = quantiles(distribution);
  assert.ok(corners.length <= 160);
  assert.deepEqual(corners[0], { value: 1, share: 0.001 });
  assert.deepEqual(corners[corners.length - 1], { value: 1000, share: 1 });
  for (const { value, share } of corners) assert.ok(Math.abs(share - value / 1000) < 1e-12);
});

test("histogramSteps shares out every packet over adjoining steps, from the first that holds one to the last", () => {
  const none = { p1: null, p10: null, p50: null, p90: null, p99: null, "p99.9": null };
  const buckets: [number, number][] = [
    [100, 30],
    [101, 10],
    [1000, 60],
  ];
  const distribution: Distribution = { count: 100, percentiles: none, buckets, omission: "service-time" };
  const steps = histogramSteps(distribution, { min: 10, max: 100_000 });
  assert.equal(steps.length, 11);
  assert.deepEqual([steps[0]?.share, steps[10]?.share], [0.4, 0.6]);
  assert.ok(steps.slice(1, 10).every(({ share }) => share === 0));
  steps.forEach(({ from, to }, index) => {
    assert.ok(Math.abs(to - from - 0.1) < 1e-9);
    assert.ok(index === 0 || Math.abs(from - (steps[index - 1]?.to ?? 0)) < 1e-9, "a gap between steps");
  });
});

test("supportedShare ends a percentile curve where printed percentiles end", () => {
  assert.ok(supportedShare(2995) >= 0.999 - 1e-9);
  assert.ok(supportedShare(2900) < 0.999);
  assert.equal(supportedShare(1), 0);
});

test("renderSvg puts theme variables for stand-in colours, values on hover, and no reference or script", () => {
  const option = {
    xAxis: { type: "value" },
    yAxis: { type: "value" },
    series: [
      {
        type: "line",
        data: [[1, 2]],
        symbol: "circle",
        symbolSize: 8,
        showAllSymbol: true,
        itemStyle: { color: standIn("series-2") },
      },
    ],
  };
  const { text } = renderSvg(
    option,
    { width: 300, height: 200 },
    { title: "T <b>", description: 'D "q"', hover: () => "one <point>" },
  );
  assert.ok(text.includes('fill="var(--series-2)"'));
  assert.ok(text.includes("<title>one &#60;point&#62;</title>"));
  assert.ok(text.includes('aria-label="T &#60;b&#62;. D &#34;q&#34;"'));
  assert.equal(/url\(|<style|<script|class=|id=|ecmeta/.exec(text)?.[0], undefined);
});

test("themed replaces stand-ins only", () => {
  assert.equal(themed(`fill="${standIn("ink")}" stroke="#123456"`), 'fill="var(--ink)" stroke="#123456"');
});
