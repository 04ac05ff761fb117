// The scanner against JSON.parse: whatever one accepts the other does, and values are found where they stand.
import assert from "node:assert/strict";
import test from "node:test";
import { Prng } from "../base/prng.js";
import { locateJson, looksLikeJson, scanJson } from "./json-text.js";
import type { Path } from "./problems.js";

const SEED = 20260101;

function randomValue(prng: Prng, depth: number): unknown {
  const kind = prng.below(depth > 4 ? 5 : 7);
  const texts = ["", "a b", 'quo"te', "back\\slash", "\u0001\n", "é🚀", "[{,:"];
  if (kind === 0) return prng.below(2) === 0;
  if (kind === 1) return null;
  if (kind === 2) return (prng.unit() - 0.5) * 10 ** prng.below(20);
  if (kind <= 4) return prng.pick(texts);
  const count = prng.below(20);
  if (kind === 5) return Array.from({ length: count }, () => randomValue(prng, depth + 1));
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `${prng.pick(texts)}${index}`,
      randomValue(prng, depth + 1),
    ]),
  );
}

function* pathsOf(value: unknown, prefix: Path = []): Generator<[Path, unknown]> {
  yield [prefix, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    yield* pathsOf(child, [...prefix, Array.isArray(value) ? Number(key) : key]);
  }
}

test("locateJson finds every value of random documents", () => {
  const prng = new Prng(SEED);
  for (let round = 0; round < 60; round++) {
    const value = { root: randomValue(prng, 0) };
    const text = JSON.stringify(value, null, prng.below(3));
    assert.deepEqual(
      scanJson(text),
      { ok: true, values: [{ start: 0, end: text.length }] },
      `seed ${SEED}, round ${round}`,
    );
    for (const [path, child] of [...pathsOf(value)].slice(0, 50)) {
      const literal = JSON.stringify(child);
      const found = text.slice(locateJson(text, 0, path)).replace(/\s/g, "");
      assert.ok(
        found.startsWith(literal.replace(/\s/g, "")),
        `seed ${SEED}, round ${round}, path ${path.join(".")}`,
      );
    }
  }
});

test("scanJson refuses what JSON.parse refuses, whichever character of a document is broken", () => {
  const prng = new Prng(SEED + 1);
  for (let round = 0; round < 2000; round++) {
    const text = JSON.stringify({ a: randomValue(prng, 3), b: [1, -2.5e3, "x\\u0041"] });
    const place = prng.below(text.length);
    const broken =
      text.slice(0, place) + prng.pick(['"', "{", "]", ",", "x", "", "0", "\\", " "]) + text.slice(place + 1);
    const scan = scanJson(broken);
    // Duplicate keys and streams of values are the two things on which they differ by design.
    const differs = scan.ok ? scan.values.length !== 1 : /twice/.test(scan.error.message);
    if (!differs) assert.equal(scan.ok, parses(broken), `seed ${SEED + 1}, round ${round}: ${broken}`);
  }
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("scanJson finds duplicate keys in small and large objects", () => {
  const members = Array.from({ length: 40 }, (_, index) => `"k${index}": ${index}`);
  for (const count of [2, 11, 12, 13, 14, 40]) {
    const text = `{${members.slice(0, count).join(", ")}, "k0": 1}`;
    const scan = scanJson(text);
    assert.ok(!scan.ok && scan.error.offset === text.lastIndexOf('"k0"'), `${count} members`);
  }
});

test("looksLikeJson leaves YAML's flow style to YAML", () => {
  for (const text of ['{"a": 1}', ' [ {"a": 1}]', "{}", "[[1]]", '["a"]'])
    assert.equal(looksLikeJson(text), true, text);
  for (const text of ["{a: 1}", "[a]", "a: 1", "- {}", "", "# {}"])
    assert.equal(looksLikeJson(text), false, text);
});
