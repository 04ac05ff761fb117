import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../../api/meta.js";
import type { Store } from "../../store/store.js";
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

const putValue = (store: Store, name: string, text: string) =>
  store.txn({
    compare: [],
    success: [{ op: "put", key: `/registry/pods/default/${name}`, value: Buffer.from(text) }],
    failure: [],
  });

const namesOf = ({ items }: { readonly items: readonly KubeObject[] }) =>
  items.map(({ metadata }) => metadata.name);

test("an object that somebody else writes to the store is seen, one that is none is ignored", async () => {
  const { object, store } = await testServer();
  await putValue(store, "broken", "{");
  await putValue(store, "list", "[]");
  const good = { apiVersion: "v1", kind: "Pod", metadata: { name: "good", namespace: "default" } };
  await putValue(store, "good", JSON.stringify(good));
  assert.deepEqual(namesOf(await object(200, "GET", PODS)), ["good"]);
});

test("a value that is no object is ignored by a server that starts on it, and where it replaces one", async () => {
  const first = await testServer();
  await first.object(201, "POST", PODS, pod("a"));
  await first.object(201, "POST", PODS, pod("b"));
  await putValue(first.store, "a", "{");
  assert.deepEqual(namesOf(await first.object(200, "GET", PODS)), ["b"]);
  first.server.close();
  const second = await testServer({ store: first.store });
  assert.deepEqual(namesOf(await second.object(200, "GET", PODS)), ["b"]);
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
