import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../../base/prng.js";
import { PODS, pod, type Shown, testServer } from "../api-server.test-data.js";
import { CreatedFields } from "./created-fields.js";

const { ask } = await testServer();

async function fieldsOf(object: object, query = "?fieldManager=maker"): Promise<string> {
  const bytes = Buffer.from(JSON.stringify(object));
  const response = await ask("POST", PODS + query, bytes, { "content-type": "application/json" });
  assert.ok(response.kind === "object" && response.code === 201);
  return JSON.stringify((response.object as Shown).metadata.managedFields);
}

test("a new object owns the same fields as an earlier one of its shape", async () => {
  const first = await fieldsOf(pod("same-1", {}, { app: "one" }));
  assert.equal(await fieldsOf(pod("same-2", {}, { app: "two" })), first);
});

test("a new object of another shape owns other fields", async () => {
  const plain = await fieldsOf(pod("shape-0"));
  const others = [
    pod("shape-1", {}, { other: "one" }),
    pod("shape-2", { containers: [{ name: "d", image: "i" }] }),
    pod("shape-3", { priority: 0 }),
    pod("shape-4", { nodeName: "n" }),
  ];
  const seen = new Set([plain]);
  for (const other of others) seen.add(await fieldsOf(other));
  seen.add(await fieldsOf(pod("shape-5"), "?fieldManager=another"));
  assert.equal(seen.size, others.length + 2);
});

test("a label's name cannot pass for another shape", async () => {
  const [one, other] = [{ a: "x", b: "x" }, { "as1:b": "x" }];
  const first = await fieldsOf(pod("label-1", {}, one));
  const second = await fieldsOf(pod("label-2", {}, other));
  assert.match(first, /"f:a":\{\},"f:b":\{\}/);
  assert.match(second, /"f:as1:b":\{\}/);
});

const prng = new Prng(7);

/** Few names and values, so that objects are often alike, and often nearly. */
function randomValue(depth: number): unknown {
  const kind = prng.below(depth === 0 ? 4 : 6);
  if (kind === 4) return Array.from({ length: prng.below(3) }, () => randomValue(depth - 1));
  if (kind === 5) return randomObject(depth - 1);
  return [["", "a", "b"], [0, 1], [true, false], [null]][kind]?.[prng.below(2)] ?? null;
}

function randomObject(depth: number): object {
  const names = ["a", "b", "1:a", ""].filter(() => prng.below(2) === 0);
  return Object.fromEntries(names.map((name) => [name, randomValue(depth)]));
}

/** The shape as text: what the tree must tell apart, and nothing else. */
function shapeText(value: unknown, isInList: boolean): string {
  if (Array.isArray(value)) return `[${value.map((item) => shapeText(item, true)).join()}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${shapeText(inner, isInList)}`)}}`;
  if (isInList || value === null) return JSON.stringify(value);
  return value ? "set" : "zero";
}

test("CreatedFields knows what was kept for the last object of a shape, and for no other (seed 7)", () => {
  const fields = new CreatedFields();
  const kept = new Map<string, object>();
  let known = 0;
  for (let count = 0; count < 1000; count++) {
    const object = randomObject(2);
    const writer = ["Pod", `m${prng.below(2)}`];
    const shape = `${writer} ${shapeText(object, false)}`;
    const found = fields.entryOf(writer, object);
    assert.equal(found, kept.get(shape), `seed 7, object ${count}: ${JSON.stringify(object)}`);
    if (found !== undefined) known++;
    const entry = { fieldsV1: { count: {} } };
    fields.keep(writer, object, [entry]);
    kept.set(shape, entry);
  }
  assert.ok(known > 200 && kept.size > 200, `${known} were known of ${kept.size} shapes`);
});

test("CreatedFields keeps nothing of what is large, and never more than it may", () => {
  const fields = new CreatedFields();
  const entries = [{ fieldsV1: {} }];
  const large = { list: ["x".repeat(1000)] };
  const long = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`n${index}`, 1]));
  for (const object of [large, long]) {
    fields.keep([], object, entries);
    assert.equal(fields.entryOf([], object), undefined);
  }
  const shapeOf = (count: number) => ({
    list: Array.from({ length: 100 }, (_, index) => count * 100 + index),
  });
  for (let count = 0; count < 1000; count++) {
    fields.keep([], shapeOf(count), entries);
    assert.equal(fields.entryOf([], shapeOf(count)), entries[0]);
  }
  assert.equal(fields.entryOf([], shapeOf(0)), undefined);
});
