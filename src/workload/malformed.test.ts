// Inputs that are wrong, each with the message it must end in: testdata/malformed.txt.
// A case is "# name", the input, "----", the message; cases are parted by "====". UPDATE=1 rewrites the messages.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import test from "node:test";
import { PlumbError } from "../base/errors.js";
import { sourcePath } from "../base/source-path.js";
import { buildClusterObjects } from "./cluster.js";
import { readDocuments } from "./documents.js";

const TRANSCRIPT = sourcePath(import.meta.url, "./testdata/malformed.txt");
const CASE = /^# (?<name>.*)\n(?<input>[\s\S]*?)\n----\n(?<message>[\s\S]*)$/;

/** Inputs too long or too odd to write down. */
const GENERATED: Readonly<Record<string, () => string>> = {
  "alias-bomb": () =>
    ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
      .concat(
        Array.from({ length: 9 }, (_, n) => `b${n}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(", ")}]`),
      )
      .join("\n"),
  "deep-brackets": () => "[".repeat(1_000_000),
  "deep-json": () => `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`,
  "deep-dashes": () => `${"- ".repeat(100_000)}a`,
  "deep-blocks": () => Array.from({ length: 3_000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"),
  binary: () => "\u0089PNG\r\n\u001a\n\u0000\u0000\u0000\rIHDR",
  empty: () => "",
  "many-mistakes": () =>
    Array.from(
      { length: 30 },
      (_, n) => `apiVersion: v1\nkind: Service\nmetadata: {name: s${n}}\nspec: {ports: [{port: 0}]}`,
    ).join("\n---\n"),
};

interface Case {
  readonly name: string;
  readonly input: string;
  readonly message: string;
}

function readCases(): Case[] {
  const blocks = readFileSync(TRANSCRIPT, "utf8").trimEnd().split("\n====\n");
  return blocks.map((block) => {
    const groups = CASE.exec(block)?.groups;
    assert.ok(groups, `malformed block in the transcript: ${block}`);
    return { name: groups["name"] ?? "", input: groups["input"] ?? "", message: groups["message"] ?? "" };
  });
}

function textOf({ input }: Case): string {
  const name = /^@generate (.*)$/.exec(input)?.[1];
  if (name === undefined) return `${input}\n`;
  const make = GENERATED[name];
  assert.ok(make, `no generated input is called ${name}`);
  return make();
}

function failureOf(one: Case): PlumbError {
  try {
    buildClusterObjects(readDocuments([{ file: "f.yaml", text: textOf(one) }]));
  } catch (error) {
    assert.ok(error instanceof PlumbError, `${one.name}: threw ${String(error)}`);
    return error;
  }
  assert.fail(`${one.name}: was accepted`);
}

const cases = readCases();

if (process.env["UPDATE"] === "1") {
  const blocks = cases.map((one) => `# ${one.name}\n${one.input}\n----\n${failureOf(one).message}`);
  writeFileSync(TRANSCRIPT, `${blocks.join("\n====\n")}\n`);
} else {
  for (const one of cases) {
    test(`readDocuments and buildClusterObjects refuse ${one.name}`, () => {
      const error = failureOf(one);
      assert.equal(error.message, one.message);
      assert.equal(error.code, "InvalidInput");
      assert.equal(error.exitCode, 2);
      assert.notEqual(error.position, null);
    });
  }
}

test("every malformed input has a case of its own", () => {
  assert.ok(cases.length >= 20);
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
});
