// What every page must hold to, whatever is on it.
import assert from "node:assert/strict";
import type { RunRecord } from "../measure/run-record.js";

/** Says what was found instead of printing the whole page. */
export const matchesNot = (text: string, pattern: RegExp) => assert.equal(pattern.exec(text)?.[0], undefined);

/** Text of the page with all tags, styles and scripts taken out. */
export const textOf = (html: string) =>
  html.replace(/<(style|script)[\s\S]*?<\/\1>/g, "").replace(/<[^>]*>/g, " ");

/** @returns how many links there are */
export function checkIdsAndLinks(page: string): number {
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map((match) => match[1] as string);
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
    "ids given twice",
  );
  const targets = [...page.matchAll(/href="#([^"]+)"/g)].map((match) => match[1] as string);
  assert.deepEqual(
    targets.filter((target) => !ids.includes(target)),
    [],
    "links to nowhere",
  );
  return targets.length;
}

/** @returns how many tables there are */
export function checkTables(page: string): number {
  const tables = page.match(/<table[\s\S]*?<\/table>/g) ?? [];
  for (const table of tables) {
    const [head = "", body = ""] = table.split("</thead>");
    const columns = head.match(/<th /g)?.length;
    for (const row of body.match(/<tr[\s\S]*?<\/tr>/g) ?? []) {
      assert.equal(
        row.match(/<t[hd][ >]/g)?.length,
        columns,
        `a row of: ${head.replace(/<[^>]*>/g, " ").slice(0, 200)}`,
      );
    }
  }
  return tables.length;
}

/** Named for screen readers, in theme colours only. @returns how many drawings there are */
export function checkDrawings(page: string): number {
  const heads = [...page.matchAll(/<svg [^>]*>/g)].map((match) => match[0]);
  for (const head of heads) assert.match(head, /role="img".* aria-label="[^"]{20,}"/);
  const drawings = (page.match(/<svg[\s\S]*?<\/svg>/g) ?? []).join("");
  const fixed = [...drawings.matchAll(/(?:fill|stroke)="(?!none|var\()([^"]*)"/g)].map((match) => match[1]);
  assert.deepEqual([...new Set(fixed)], [], "fixed colours");
  matchesNot(drawings, /NaN|Infinity|undefined/);
  return heads.length;
}

const EVIL = `"><script>alert(1)</script><img src=x onerror=alert(2)>'\`</textarea></style>{{}}\u0000`;

/** Whatever the texts of a record, they stay text. */
export function checkEscaping(pageOf: (record: RunRecord) => string, record: RunRecord): void {
  const html = pageOf(poison(record));
  assert.equal(html.match(/<script/g)?.length, 1, "a second script element");
  matchesNot(html, /<img/);
  const tags = html.replace(/<script>[\s\S]*<\/script>/, "").match(/<[a-z][^>]*>/g) ?? [];
  assert.deepEqual(
    tags.filter((tag) => /onerror=|javascript:/i.test(tag.replace(/="[^"]*"/g, ""))),
    [],
    "an attribute was broken out of",
  );
  assert.ok(textOf(html).includes("alert(1)"), "the text itself should still be there to read");
}

/** Keys of texts that are names of a closed list. */
const CLOSED = new Set([
  ...["name", "unit", "better", "provenance", "assume", "status", "omission", "metric", "state"],
  ...["path", "a", "b", "control", "change", "clock", "measuredAt", "startedAt"],
]);

/** Of keys that elsewhere hold free text. */
const CLOSED_WORDS = new Set(["native", "user-mode", "first", "established"]);

/** The record with evil at the end of every text in it, but for those that are names of a closed list. */
function poison(clean: RunRecord): RunRecord {
  const visit = (value: unknown, key: string): unknown => {
    if (typeof value === "string") return CLOSED.has(key) || CLOSED_WORDS.has(value) ? value : value + EVIL;
    if (Array.isArray(value)) return value.map((one) => visit(one, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [
        key === "breakdown" || key === "kinds" || key === "tools" ? name + EVIL : name,
        visit(one, name),
      ]),
    );
  };
  return visit(clean, "") as RunRecord;
}
