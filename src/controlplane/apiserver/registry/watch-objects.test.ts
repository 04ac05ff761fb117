import assert from "node:assert/strict";
import { test } from "node:test";
import { pod, PODS, testServer } from "../api-server.test-data.js";

const MERGE = { "content-type": "application/merge-patch+json" };

test("watch without a version begins with what there is, and goes on with what happens", async () => {
  const { object, watch } = await testServer();
  await object(201, "POST", PODS, pod("a"));
  const watched = await watch("/api/v1/pods?watch=1");
  assert.deepEqual(await watched.lines(), ["ADDED a"]);
  await object(201, "POST", PODS, pod("b"));
  await object(200, "PATCH", `${PODS}/b`, { metadata: { labels: { x: "y" } } }, MERGE);
  await object(200, "DELETE", `${PODS}/a`);
  assert.deepEqual(await watched.lines(), ["ADDED b", "MODIFIED b", "DELETED a"]);
});

test("watch from a version replays what came after it, each change once", async () => {
  const { object, watch } = await testServer();
  const made = await object(201, "POST", PODS, pod("a"));
  await object(201, "POST", PODS, pod("b"));
  const watched = await watch(`/api/v1/pods?watch=1&resourceVersion=${made.metadata.resourceVersion}`);
  assert.deepEqual(await watched.lines(), ["ADDED b"]);
});

test("watch with a selector shows an object that begins to match as ADDED, and one that no longer does as DELETED", async () => {
  const { object, watch } = await testServer();
  await object(201, "POST", PODS, pod("a", {}, { tier: "front" }));
  const watched = await watch("/api/v1/pods?watch=1&labelSelector=tier%3Dback");
  await object(200, "PATCH", `${PODS}/a`, { metadata: { labels: { tier: "back" } } }, MERGE);
  await object(200, "PATCH", `${PODS}/a`, { metadata: { labels: { n: "1" } } }, MERGE);
  const left = await object(200, "PATCH", `${PODS}/a`, { metadata: { labels: { tier: "front" } } }, MERGE);
  assert.deepEqual(await watched.lines(), ["ADDED a", "MODIFIED a", "DELETED a"]);
  const last = watched.events.at(-1)?.object;
  assert.equal(last?.metadata.labels?.["tier"], "back");
  assert.equal(last?.metadata.resourceVersion, left.metadata.resourceVersion);
});

test("watch of one node's Pods sees a Pod when it is bound there", async () => {
  const { object, watch } = await testServer();
  const [n1, n2] = [
    await watch("/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Dn1"),
    await watch("/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Dn2"),
  ];
  await object(201, "POST", PODS, pod("a"));
  await object(201, "POST", `${PODS}/a/binding`, { target: { kind: "Node", name: "n1" } });
  assert.deepEqual(await n1.lines(), ["ADDED a"]);
  assert.deepEqual(await n2.lines(), []);
});

test("watch of one name or namespace sees nothing else", async () => {
  const { object, watch } = await testServer();
  const one = await watch(`${PODS}?watch=1&fieldSelector=metadata.name%3Da`);
  const other = await watch("/api/v1/namespaces/other/pods?watch=1");
  await object(201, "POST", PODS, pod("a"));
  await object(201, "POST", PODS, pod("b"));
  assert.deepEqual(await one.lines(), ["ADDED a"]);
  assert.deepEqual(await other.lines(), []);
});

test("watch from a version that is no longer known ends with Expired", async () => {
  const first = await testServer();
  await first.object(201, "POST", PODS, pod("a"));
  await first.object(201, "POST", PODS, pod("b"));
  // A server that starts now knows the state, but not how it came about.
  const second = await testServer({ store: first.store });
  const watched = await second.watch("/api/v1/pods?watch=1&resourceVersion=1");
  assert.deepEqual(await watched.lines(), ["ERROR Expired"]);
  assert.ok(watched.isEnded());
});

test("watch tells bookmarks once a minute when asked to, and ends when its time is up", async () => {
  const { object, watch, timers } = await testServer();
  const watched = await watch("/api/v1/pods?watch=1&allowWatchBookmarks=true&timeoutSeconds=90");
  await object(201, "POST", "/api/v1/namespaces/default/configmaps", { metadata: { name: "c" } });
  await timers.advance(60_000);
  const { type, object: bookmark } = watched.events.at(-1) ?? assert.fail("no event");
  assert.equal(type, "BOOKMARK");
  assert.equal(bookmark.metadata.resourceVersion, "2");
  await timers.advance(30_000);
  assert.ok(watched.isEnded());
});

test("watch with sendInitialEvents marks the end of the state with an annotated bookmark", async () => {
  const { object, watch } = await testServer();
  await object(201, "POST", PODS, pod("a"));
  const watched = await watch(
    "/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
  );
  assert.deepEqual(
    watched.events.map(({ type }) => type),
    ["ADDED", "BOOKMARK"],
  );
  assert.deepEqual(watched.events[1]?.object.metadata.annotations, { "k8s.io/initial-events-end": "true" });
});

test("watchers of one version get the same event object, so that it is written once", async () => {
  const { object, watch } = await testServer();
  const [a, b] = [await watch("/api/v1/pods?watch=1"), await watch(`${PODS}?watch=1`)];
  await object(201, "POST", PODS, pod("a"));
  await a.lines();
  assert.equal(a.events[0], b.events[0]);
});

test("watchers are told of nothing once their request is aborted, and 10,000 of them cost a change of others nothing", async () => {
  const { object, watch } = await testServer();
  const watchers = [];
  for (let node = 0; node < 10_000; node++)
    watchers.push(await watch(`/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Dnode-${node}`));
  await object(201, "POST", PODS, pod("a", { nodeName: "node-7" }));
  await object(201, "POST", PODS, pod("b", { nodeName: "node-8" }));
  assert.deepEqual(await (watchers[7] as (typeof watchers)[0]).lines(), ["ADDED a"]);
  watchers[8]?.abort();
  await object(201, "POST", PODS, pod("c", { nodeName: "node-8" }));
  assert.deepEqual(await (watchers[8] as (typeof watchers)[0]).lines(), ["ADDED b"]);
});
