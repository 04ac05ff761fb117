import assert from "node:assert/strict";
import { test } from "node:test";
import { PODS, pod, type Shown, testServer } from "../api-server.test-data.js";

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
