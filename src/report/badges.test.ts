// Every number of a metric on the page carries its provenance: beside it, or in the head of its column or table.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PROVENANCES } from "../measure/metrics.js";
import { reportHtml } from "./html.js";
import { sampleRecord } from "./sample-record.test-data.js";

const page = reportHtml(sampleRecord()).replace(/<svg[\s\S]*?<\/svg>/g, "");
const badgesIn = (html: string): string[] =>
  [...html.matchAll(/class="badge badge-([a-z-]+)"/g)].map((match) => match[1] as string);

/** Tables with what is said right above them: the last heading and paragraphs since the table before. */
function tables(): readonly {
  above: string;
  head: readonly string[];
  rows: readonly (readonly string[])[];
}[] {
  return page
    .split("<table")
    .slice(1)
    .map((rest, index) => {
      const [table = ""] = rest.split("</table>");
      const before = (page.split("<table")[index] ?? "").split("</table>").pop() ?? "";
      const head = table.split("</thead>")[0]?.match(/<th [\s\S]*?<\/th>/g) ?? [];
      const rows = (table.split("<tbody>")[1]?.match(/<tr[\s\S]*?<\/tr>/g) ?? []).map(
        (row) => row.match(/<t[hd][\s\S]*?<\/t[hd]>/g) ?? [],
      );
      return { above: before.slice(Math.max(0, before.lastIndexOf("<h"))), head, rows };
    });
}

test("every number in a table has a badge of its provenance in its cell, row, column or title", () => {
  let numbers = 0;
  for (const { above, head, rows } of tables()) {
    for (const row of rows) {
      row.forEach((cell, column) => {
        for (const [, provenance] of cell.matchAll(/data-provenance="([^"]*)"/g)) {
          numbers++;
          const near = [cell, row[0] ?? "", head[column] ?? "", head[0] ?? "", above]
            .map(badgesIn)
            .find((found) => found.length > 0);
          assert.ok(near?.includes(provenance as string), `no ${provenance} badge for ${cell}`);
        }
      });
    }
  }
  assert.ok(numbers > 400, `only ${numbers} numbers seen`);
});

test("every number with a unit outside of tables is in a paragraph that names its provenance", () => {
  const outside = page
    .replace(/<(style|script|textarea)[\s\S]*?<\/\1>/g, "")
    .replace(/<table[\s\S]*?<\/table>/g, "");
  const blocks =
    outside.match(
      /<(p|li|dd|h2|h3|figcaption|div class="card")[^>]*>[\s\S]*?<\/(p|li|dd|h2|h3|figcaption|div)>/g,
    ) ?? [];
  const words = [...Object.keys(PROVENANCES), "modelled kernel time"];
  const timed = blocks.filter((block) =>
    /\d[ \u00a0](?:ns|µs|ms|s|[kM]?B|[kM]?\/s|rules|times)\b/.test(block.replace(/<[^>]*>/g, "")),
  );
  assert.ok(timed.length >= 3, `only ${timed.length} blocks with numbers seen`);
  for (const block of timed) {
    if (block.includes("the cost of kernel") || /Memory|GB/.test(block)) continue;
    assert.ok(
      words.some((word) => block.includes(word)),
      `no provenance in: ${block}`,
    );
  }
});

test("numberless provenance never shows: every badge is one of the five", () => {
  for (const found of new Set(badgesIn(page))) assert.ok(found in PROVENANCES, `unknown badge ${found}`);
});
