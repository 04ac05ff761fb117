import assert from "node:assert/strict";
import { test } from "node:test";
import { checkedWithin, omittable, recovered, repetitions } from "./field-rules.js";
import { count, type Field, INVALID, list, object } from "./fields.js";
import { mistakesError } from "./mistakes.js";
import { parseSource, type Problem } from "./source-tree.js";

function read<T>(field: Field<T>, text: string): { value: unknown; said: string[] } {
  const problems: Problem[] = [];
  const source = parseSource({ file: "f", folder: ".", text, expected: "numbers" }, problems);
  assert.ok(source !== null);
  const value = field.read(source, "", problems);
  return { value, said: problems.length === 0 ? [] : mistakesError(problems).message.split("\n") };
}

const plain = object("Numbers.", {
  low: omittable(count("A number."), 1),
  high: recovered(count("A number."), 2),
});
const ordered = checkedWithin(plain, ({ low, high }) =>
  low <= high ? [] : [{ path: ["low"], message: `is above ${high}` }],
);

test("omittable and recovered read their value, when the key is missing or null", () => {
  assert.deepEqual(read(plain, "{}"), { value: { low: 1, high: 2 }, said: [] });
  assert.deepEqual(read(plain, "{ low: , high: null }"), { value: { low: 1, high: 2 }, said: [] });
});

test("omittable gives INVALID, when the value is wrong", () => {
  const { value, said } = read(plain, "low: x");
  assert.equal(value, INVALID);
  assert.deepEqual(said, ['f:1:6 low: expected a whole number from 0, got "x"']);
});

test("recovered reports what is wrong and reads its value, so that the rest is still checked", () => {
  assert.deepEqual(read(ordered, "high: x\nlow: 3").said, [
    'f:1:7 high: expected a whole number from 0, got "x"',
    "f:2:6 low: is above 2",
  ]);
});

test("checkedWithin places a fault at the deepest node that exists", () => {
  const field = checkedWithin(plain, () => [{ path: ["low", 3, "deeper"], message: "is wrong" }]);
  assert.deepEqual(read(field, "high: 2").said, ["f:1:1 low[3].deeper: is wrong"]);
  assert.deepEqual(read(field, "high: 2\nlow: 1").said, ["f:2:6 low[3].deeper: is wrong"]);
});

test("repetitions names every entry after the first of its kind", () => {
  const field = checkedWithin(list(count("A number."), "Numbers."), (numbers) =>
    repetitions(numbers, (number) => (number === 0 ? null : String(number))),
  );
  assert.deepEqual(read(field, "[4, 0, 0, 4, 4]").said, [
    'f:1:11 [3]: repeats "4" of entry 0',
    'f:1:14 [4]: repeats "4" of entry 0',
  ]);
});
