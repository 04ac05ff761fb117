import assert from "node:assert/strict";
import { test } from "node:test";
import { PlumbError } from "../../base/errors.js";
import { ManualTimers, realTimers } from "../../base/timers.js";
import { openStore } from "./open-store.js";
import { rejects } from "./store-conformance.test-data.js";

test("openStore refuses a spec it does not understand, and names what it takes", async () => {
  const specs = [
    "",
    "disk",
    "file",
    "file:",
    "memory:x",
    "etcd",
    "etcd:",
    "etcd:host",
    "etcd:https://h:1",
    "etcd:http://u@h:1",
  ];
  for (const spec of specs)
    await assert.rejects(openStore(spec, { timers: new ManualTimers() }), (error) => {
      assert.ok(error instanceof PlumbError, spec);
      assert.equal(error.code, "Usage");
      assert.ok(error.message.startsWith(`Cannot open store '${spec}': `), error.message);
      assert.match(error.hint ?? "", /memory, file:DIR or etcd:http:/);
      return true;
    });
});

test("openStore says that an etcd cannot be reached", async () => {
  // Port 1 of loopback: nothing listens there.
  await rejects(openStore("etcd:http://127.0.0.1:1", { timers: realTimers }), "Unavailable");
});

test("openStore says that a folder cannot be made", async () => {
  await rejects(openStore("file:/dev/null/store", { timers: realTimers }), "Unwritable");
});
