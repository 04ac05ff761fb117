import assert from "node:assert/strict";
import { test } from "node:test";
import type { CaseRecord, RunRecord } from "../measure/run-record.js";
import { reportHtml } from "./html.js";
import {
  checkDrawings,
  checkEscaping,
  checkIdsAndLinks,
  checkTables,
  matchesNot,
  textOf,
} from "./page-checks.test-data.js";
import { sampleRecord } from "./sample-record.test-data.js";

const record = sampleRecord();
const page = reportHtml(record);

test("reportHtml writes the sections in reading order, with navigation to each", () => {
  const sections = [...page.matchAll(/<section id="(\w+)"/g)].map((match) => match[1]);
  assert.deepEqual(sections, [
    ...[
      "verdict",
      "answer",
      "trust",
      "scale",
      "why",
      "sync",
      "latency",
      "workers",
      "state",
      "scoreboard",
      "method",
    ],
  ]);
  for (const id of sections.slice(1)) assert.ok(page.includes(`<a href="#${id}">`), `no navigation to ${id}`);
});

test("reportHtml is the same text for the same record", () => {
  assert.equal(reportHtml(record), page);
});

test("reportHtml stays below 1 MB for a full run of four sizes", () => {
  const large = reportHtml(sampleRecord({ sizes: [100, 1000, 10_000, 50_000], workers: [1, 2, 4, 8] }));
  assert.ok(large.length < 1e6, `${large.length} characters`);
});

test("reportHtml asks the network for nothing", () => {
  const urls = [...page.matchAll(/\b(?:src|href|action|srcset|data|xlink:href)="([^"]*)"/g)].map(
    (match) => match[1] as string,
  );
  assert.deepEqual(
    urls.filter((url) => !url.startsWith("#") && url !== "result.json"),
    [],
  );
  matchesNot(page, /url\(|@import|<link|<iframe|<img|<script src/);
  assert.ok(page.includes(`content="default-src &#39;none&#39;;`), "no policy");
});

test("reportHtml gives every element its own id, and links only to ids that are there", () => {
  const links = checkIdsAndLinks(page);
  assert.ok(links > record.cases.length, `only ${links} links`);
});

test("reportHtml names every drawing for screen readers, in theme colours, and sets its values beside it", () => {
  const drawings = checkDrawings(page);
  assert.ok(drawings >= 20, `${drawings} drawings`);
  const figures = page.match(/<figure[\s\S]*?<\/figure>/g) ?? [];
  assert.equal(
    figures.filter((figure) => !figure.includes("<details>")).length,
    1,
    "only workers stands beside its table",
  );
});

test("reportHtml gives every row of a table as many cells as its head has", () => {
  const tables = checkTables(page);
  assert.ok(tables > 15, `${tables} tables`);
});

test("reportHtml escapes everything that comes from the record", () => {
  checkEscaping(reportHtml, record);
});

test("reportHtml says what was not verified, failed, skipped or withheld", () => {
  const cases = record.cases.map((one, index): CaseRecord => {
    if (index === 0) return { ...one, status: "failed", reason: "applied 99 Services of 100", metrics: [] };
    if (index === 1) return { ...one, status: "unsupported", reason: "no SCTP in this mode", metrics: [] };
    return one;
  });
  const text = textOf(reportHtml({ ...record, cases, run: { ...record.run, status: "partial" } }));
  for (const expected of [
    "Not checked against a real kernel",
    "ENV_NO_ROOT",
    "applied 99 Services of 100",
    "no SCTP in this mode",
    "partial run",
  ]) {
    assert.ok(text.includes(expected), `page does not say "${expected}"`);
  }
});

test("reportHtml prints a percentile that has too few packets as missing, with the numbers", () => {
  const few = {
    ...record,
    cases: record.cases.map((one) => ({
      ...one,
      metrics: one.metrics.map((metric) =>
        metric.distribution
          ? {
              ...metric,
              distribution: {
                ...metric.distribution,
                count: 800,
                percentiles: { ...metric.distribution.percentiles, "p99.9": null },
              },
            }
          : metric,
      ),
    })),
  };
  assert.ok(textOf(reportHtml(few)).includes("n/a (need 2,995, have 800)"));
});

for (const [name, thin] of Object.entries({
  "without cases": { ...record, cases: [] },
  "with failed cases only": {
    ...record,
    cases: record.cases.map((one): CaseRecord => ({ ...one, status: "failed", reason: "x", metrics: [] })),
  },
  "with one case": { ...record, cases: record.cases.slice(0, 1) },
  "with worker cases only": { ...record, cases: record.cases.slice(-2) },
  "of one size": sampleRecord({ sizes: [1000] }),
  "of unlabelled cases": {
    ...record,
    cases: record.cases.slice(0, 1).map((one) => ({ ...one, labels: {} })),
  },
  "of zeros": {
    ...record,
    cases: record.cases.map((one) => ({
      ...one,
      metrics: one.metrics.map((metric) => ({
        ...metric,
        summary: { ...metric.summary, median: 0, min: 0, max: 0, ci95: null },
      })),
    })),
  },
} satisfies Record<string, RunRecord>)) {
  test(`reportHtml draws a page for a record ${name}`, () => {
    const html = reportHtml(thin);
    assert.ok(html.endsWith("</html>\n"), "the page has no end");
    matchesNot(textOf(html), /\b(NaN|undefined|Infinity|\[object)\b/);
  });
}
