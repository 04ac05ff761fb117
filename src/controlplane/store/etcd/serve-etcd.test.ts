import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { credentials, Client as GrpcClient, type ServiceError } from "@grpc/grpc-js";
import { delay, ManualTimers, realTimers } from "../../../base/timers.js";
import { memoryStore } from "../embedded-store.js";
import { openStore } from "../open-store.js";
import { recordWatch } from "../record-watch.test-data.js";
import type { Store } from "../store.js";
import { put } from "../store-conformance.test-data.js";
import type { PutRequestMessage, Sent, WatchResponseMessage } from "./etcd-messages.js";
import { type EtcdMethod, KV, WATCH } from "./etcd-methods.js";
import { whyNoEtcdctl } from "./etcd-process.test-data.js";
import { type EtcdServer, serveEtcd } from "./serve-etcd.js";

const ctlMissing = whyNoEtcdctl();
const needsCtl = { skip: ctlMissing ?? false };
const timers = new ManualTimers();
let store: Store;
let server: EtcdServer;
let client: GrpcClient;

before(async () => {
  store = memoryStore({ timers });
  server = await serveEtcd(store, { host: "127.0.0.1", port: 0, timers });
  client = new GrpcClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
});

after(async () => {
  client.close();
  await server.close();
  await store.close();
});

/** What etcdctl prints, errors too; killed after `forMs`. */
async function etcdctl(args: readonly string[], { input = "", forMs = 5_000 } = {}): Promise<string> {
  const child = spawn("etcdctl", [`--endpoints=127.0.0.1:${server.port}`, ...args], {
    env: { ...process.env, ETCDCTL_API: "3" },
  });
  const stop = realTimers.after(forMs, () => child.kill());
  let printed = "";
  child.stdout.on("data", (text) => {
    printed += text;
  });
  child.stderr.on("data", (text) => {
    printed += text;
  });
  child.stdin.end(input);
  await once(child, "close");
  stop();
  return printed.trim();
}

test("etcdctl puts, gets, sorts and deletes on a served store", needsCtl, async () => {
  assert.equal(await etcdctl(["put", "c/a", "1"]), "OK");
  const first = store.revision();
  assert.equal(await etcdctl(["put", "c/b", "2"]), "OK");
  assert.equal(await etcdctl(["put", "--prev-kv", "c/a", "3"]), "OK\nc/a\n1");
  assert.equal(await etcdctl(["put", "--ignore-value", "c/a"]), "OK");
  assert.equal(await etcdctl(["get", "--prefix", "c/"]), "c/a\n3\nc/b\n2");
  assert.equal(await etcdctl(["get", "c/a", `--rev=${first}`]), "c/a\n1");
  assert.equal(
    await etcdctl(["get", "--prefix", "c/", "--order=DESCEND", "--sort-by=KEY", "--limit=1"]),
    "c/b\n2",
  );
  assert.equal(
    await etcdctl(["get", "--prefix", "c/", "--order=DESCEND", "--sort-by=MODIFY", "--keys-only"]),
    "c/a\n\nc/b",
  );
  assert.equal(await etcdctl(["del", "--prefix", "--prev-kv", "c/"]), "2\nc/a\n3\nc/b\n2");
});

test("etcdctl runs transactions and compacts on a served store, with etcd's errors", needsCtl, async () => {
  await put(store, "t", "1");
  const txn = 'val("t") = "1"\n\nput t 2\nget t\n\nget t\n\n';
  assert.match(await etcdctl(["txn"], { input: txn }), /^SUCCESS\s+OK\s+t\s+2$/);
  assert.match(await etcdctl(["txn"], { input: txn }), /^FAILURE\s+t\s+2$/);
  const revision = store.revision();
  assert.equal(await etcdctl(["compaction", String(revision)]), `compacted revision ${revision}`);
  assert.match(
    await etcdctl(["get", "t", `--rev=${revision - 1}`]),
    /etcdserver: mvcc: required revision has been compacted/,
  );
  assert.match(
    await etcdctl(["get", "t", "--rev=99999"]),
    /etcdserver: mvcc: required revision is a future revision/,
  );
  assert.match(
    await etcdctl(["watch", "t", `--rev=${revision - 1}`]),
    /required revision has been compacted/,
  );
});

test("etcdctl watches from a revision with previous values on a served store", needsCtl, async () => {
  const revision = await put(store, "w", "1");
  await put(store, "w", "2");
  const watching = etcdctl(["watch", "w", `--rev=${revision}`, "--prev-kv"], { forMs: 600 });
  assert.equal(await watching, "PUT\nw\n1\nPUT\nw\n1\nw\n2");
});

test("etcdctl handles leases of a served store", needsCtl, async () => {
  const [, id = ""] =
    /^lease (\w+) granted with TTL\(60s\)$/.exec(await etcdctl(["lease", "grant", "60"])) ?? [];
  assert.equal(await etcdctl(["put", "l", "1", `--lease=${id}`]), "OK");
  assert.match(
    await etcdctl(["lease", "timetolive", id, "--keys"]),
    /granted with TTL\(60s\), remaining\(\d+s\), attached keys\(\[l\]\)/,
  );
  assert.equal(await etcdctl(["lease", "keep-alive", "--once", id]), `lease ${id} keepalived with TTL(60)`);
  assert.equal(await etcdctl(["lease", "revoke", id]), `lease ${id} revoked`);
  assert.equal(await etcdctl(["get", "l"]), "");
  assert.match(await etcdctl(["lease", "revoke", id]), /etcdserver: requested lease not found/);
  assert.match(await etcdctl(["lease", "timetolive", id]), /already expired/);
});

test("etcdctl finds a served store healthy, with one member", needsCtl, async () => {
  assert.match(await etcdctl(["endpoint", "health"]), /is healthy: successfully committed proposal/);
  assert.match(
    await etcdctl(["endpoint", "status"]),
    /^127\.0\.0\.1:\d+, 1, 3\.5\.0, .*, true, false, 1, \d+, \d+,/,
  );
  assert.match(await etcdctl(["member", "list"]), /^1, started, embedded, http:/);
});

function call<Request, Response>(
  method: EtcdMethod<Request, Response>,
  request: NoInfer<Sent<Request>>,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { path, encodeRequest, decodeResponse } = method;
    client.makeUnaryRequest(
      path,
      encodeRequest,
      decodeResponse,
      request,
      (error: ServiceError | null, response) =>
        error === null && response !== undefined ? resolve(response) : reject(error),
    );
  });
}

test("serveEtcd refuses requests that make no sense, in etcd's words", async () => {
  const key = Buffer.from("refused");
  const refusals: [Sent<PutRequestMessage>, RegExp][] = [
    [{ value: key }, /key is not provided/],
    [{ key, ignoreValue: true }, /key not found/],
    [{ key, ignoreValue: true, value: key }, /value is provided/],
    [{ key, ignoreLease: true, lease: 5 }, /lease is provided/],
    [{ key, lease: 5 }, /requested lease not found/],
    [{ key, value: Buffer.alloc(2 * 1024 * 1024) }, /request is too large/],
  ];
  for (const [request, message] of refusals) await assert.rejects(call(KV.put, request), message);
  await assert.rejects(call(KV.txn, { success: [{ txn: {} }] }), /not supported/);
  await assert.rejects(call(KV.range, {}), /key is not provided/);
  const garbage = { encodeRequest: () => Buffer.from([0xff, 0xff, 0xff]) };
  await assert.rejects(call({ ...KV.range, ...garbage }, {}));
  assert.equal((await store.range({ key: "refused" })).count, 0);
});

test("serveEtcd filters ranges by revisions", async () => {
  const first = await put(store, "f/1", "1");
  await put(store, "f/2", "2");
  const asked = { key: Buffer.from("f/"), rangeEnd: Buffer.from("f0") };
  const keys = async (bounds: object) =>
    (await call(KV.range, { ...asked, ...bounds })).kvs.map((kv) => Buffer.from(kv.key).toString());
  assert.deepEqual(await keys({ minModRevision: first + 1 }), ["f/2"]);
  assert.deepEqual(await keys({ maxCreateRevision: first }), ["f/1"]);
});

test("serveEtcd keeps nothing for a watcher that does not read, and loses it nothing", async () => {
  const from = store.revision() + 1;
  const stream = client.makeBidiStreamRequest(
    WATCH.watch.path,
    WATCH.watch.encodeRequest,
    WATCH.watch.decodeResponse,
  );
  stream.write({ create: { key: Buffer.from("slow"), startRevision: from } });
  const value = "x".repeat(10_000);
  for (let index = 0; index < 500; index++) await put(store, "slow", `${index}:${value}`);
  await delay(realTimers, 50);
  const events: number[] = [];
  stream.on("data", (response: WatchResponseMessage) => {
    for (const { kv } of response.events) events.push(Number(kv?.modRevision));
  });
  for (let waited = 0; events.length < 500 && waited < 500; waited++) await delay(realTimers, 10);
  assert.deepEqual(
    events,
    Array.from({ length: 500 }, (_, index) => from + index),
  );
  stream.on("error", () => {});
  stream.cancel();
});

test("serveEtcd answers a progress request when all watches of the stream have caught up", async () => {
  const stream = client.makeBidiStreamRequest(
    WATCH.watch.path,
    WATCH.watch.encodeRequest,
    WATCH.watch.decodeResponse,
  );
  const responses: WatchResponseMessage[] = [];
  stream.on("data", (response: WatchResponseMessage) => responses.push(response));
  stream.on("error", () => {});
  stream.write({ create: { key: Buffer.from("progress"), filters: [0], watchId: 7 } });
  stream.write({ progress: {} });
  await put(store, "progress", "filtered");
  await call(KV.deleteRange, { key: Buffer.from("progress") });
  const revision = store.revision();
  for (let waited = 0; responses.length < 3 && waited < 200; waited++) await delay(realTimers, 5);
  const kinds = responses.map(({ created, events, watchId }) => [
    created,
    events.map((each) => each.type),
    Number(watchId),
  ]);
  assert.deepEqual(
    kinds.filter(([created]) => created),
    [[true, [], 7]],
  );
  assert.ok(
    kinds.some(([, , id]) => id === -1),
    "progress",
  );
  assert.deepEqual(
    kinds.filter(([, types]) => (types as number[]).length > 0),
    [[false, [1], 7]],
  );
  assert.ok(responses.every(({ header }) => Number(header?.revision) <= revision));
  stream.cancel();
});

test("etcd client goes on with its watches when the server comes back, each event once", async () => {
  const backing = memoryStore({ timers });
  const options = { host: "127.0.0.1", timers };
  const first = await serveEtcd(backing, { ...options, port: 0 });
  const remote = await openStore(`etcd:http://127.0.0.1:${first.port}`, { timers: realTimers });
  const watch = recordWatch(remote, { key: "a" });
  await watch.started();
  await put(backing, "a", "1");
  await watch.until(1);
  await first.close();
  await put(backing, "a", "2");
  const second = await serveEtcd(backing, { ...options, port: first.port });
  await put(backing, "a", "3");
  await watch.until(3);
  assert.deepEqual(watch.lines(), ["put a=1 (none)", "put a=2 (none)", "put a=3 (none)"]);
  await remote.close();
  await second.close();
});
