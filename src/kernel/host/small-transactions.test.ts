import assert from "node:assert/strict";
import { test } from "node:test";
import { smallNftTexts, smallRestoreText } from "./small-transactions.js";

const textOf = (lines: readonly string[]) => () => lines.map((line) => `${line}\n`);
const linesOf = (text: () => Iterable<string>) => [...text()].join("").trimEnd().split("\n");

test("nft texts are cut by lines, long element lists too, and nothing is lost", () => {
  const rules = Array.from({ length: 450 }, (_, index) => `add rule ip t c ip daddr 10.0.0.${index} accept`);
  const elements = Array.from({ length: 450 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
  const texts = smallNftTexts(textOf([...rules, `add element ip t s { ${elements.join(" , ")} }`]));
  const lines = texts.map(linesOf);
  assert.ok(lines.every((part) => part.length <= 200));
  assert.deepEqual(lines.flat().slice(0, 450), rules);
  const lists = lines
    .flat()
    .slice(450)
    .map((line) => /\{ (.*) \}/.exec(line)?.[1] ?? "");
  assert.deepEqual(
    lists.flatMap((list) => list.split(" , ")),
    elements,
  );
  assert.ok(lists.length >= 3);
});

test("a restore text commits in between, in the table that it was in", () => {
  const rules = Array.from({ length: 450 }, (_, index) => `-A C -s 10.0.0.${index} -j ACCEPT`);
  const lines = linesOf(
    smallRestoreText(textOf(["*filter", "COMMIT", "*nat", ":C - [0:0]", ...rules, "COMMIT"])),
  );
  assert.deepEqual(
    lines.filter((line) => line.startsWith("-A")),
    rules,
  );
  const tables = lines.filter((line) => line.startsWith("*"));
  assert.deepEqual(tables, ["*filter", "*nat", "*nat", "*nat"]);
  assert.equal(lines.filter((line) => line === "COMMIT").length, tables.length);
  assert.equal(lines.at(-1), "COMMIT");
});
