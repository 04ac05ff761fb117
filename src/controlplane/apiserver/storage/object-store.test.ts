import assert from "node:assert/strict";
import { test } from "node:test";
import { pod, PODS, testServer } from "../api-server.test-data.js";

test("a read after a change of a key that is no object's waits for nothing", async () => {
  const { object, store } = await testServer();
  await store.txn({
    compare: [],
    success: [{ op: "put", key: "foo", value: Buffer.from("x") }],
    failure: [],
  });
  await object(200, "GET", PODS);
});

test("an object that somebody else writes to the store is seen, one that is none is ignored", async () => {
  const { object, store } = await testServer();
  const put = (name: string, text: string) =>
    store.txn({
      compare: [],
      success: [{ op: "put", key: `/registry/pods/default/${name}`, value: Buffer.from(text) }],
      failure: [],
    });
  await put("broken", "{");
  await put("list", "[]");
  await put(
    "good",
    JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name: "good", namespace: "default" } }),
  );
  const { items } = await object(200, "GET", PODS);
  assert.deepEqual(
    items.map(({ metadata }) => metadata.name),
    ["good"],
  );
});

test("a server that starts on a store serves what is there, with the same versions", async () => {
  const first = await testServer();
  const made = await first.object(201, "POST", PODS, pod("a"));
  first.server.close();
  const second = await testServer({ store: first.store });
  assert.deepEqual(await second.object(200, "GET", `${PODS}/a`), made);
});

test("old states are forgotten after the time that they are kept for", async () => {
  const { object, timers } = await testServer({ compactionMs: 1000 });
  const first = await object(201, "POST", PODS, pod("a"));
  await object(201, "POST", PODS, pod("b"));
  const exact = `${PODS}?resourceVersion=${first.metadata.resourceVersion}&resourceVersionMatch=Exact`;
  assert.equal((await object(200, "GET", exact)).items.length, 1);
  await timers.advance(1000);
  await object(201, "POST", PODS, pod("c"));
  await timers.advance(1000);
  assert.equal((await object(410, "GET", exact)).reason, "Expired");
});

test("reading goes on when the store is closed, and writing fails with ServiceUnavailable", async () => {
  const { object, store } = await testServer();
  await object(201, "POST", PODS, pod("a"));
  await store.close();
  assert.equal((await object(503, "POST", PODS, pod("b"))).reason, "ServiceUnavailable");
});
