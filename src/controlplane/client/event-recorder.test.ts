import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { ManualTimers } from "../../base/timers.js";
import { EventRecorder } from "./event-recorder.js";
import { MemoryApi } from "./memory-api.test-data.js";
import type { Event } from "./object-types.js";

const SUBJECT = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop", uid: "u1", resourceVersion: "7" },
};

function newRecorder() {
  const timers = new ManualTimers();
  const api = new MemoryApi(timers);
  const options = { client: api.client(), component: "deployment-controller", timers, prng: new Prng(1) };
  return { timers, recorder: new EventRecorder(options), events: () => api.all("/events") as Event[], api };
}

test("EventRecorder writes who says what about which object", async () => {
  const { timers, recorder, events } = newRecorder();
  recorder.record(SUBJECT, "Normal", "ScalingReplicaSet", "Scaled up");
  await timers.advance(0);
  const [event] = events();
  assert.match(event?.metadata.name ?? "", /^web\.[0-9a-f]{16}$/);
  assert.equal(event?.metadata.namespace, "shop");
  assert.deepEqual(
    { ...event, metadata: null },
    {
      apiVersion: "v1",
      kind: "Event",
      metadata: null,
      involvedObject: {
        apiVersion: "apps/v1",
        kind: "Deployment",
        name: "web",
        namespace: "shop",
        uid: "u1",
        resourceVersion: "7",
      },
      reason: "ScalingReplicaSet",
      message: "Scaled up",
      source: { component: "deployment-controller" },
      firstTimestamp: "2026-01-01T00:00:00Z",
      lastTimestamp: "2026-01-01T00:00:00Z",
      count: 1,
      type: "Normal",
      eventTime: null,
      reportingComponent: "deployment-controller",
      reportingInstance: "",
    },
  );
});

test("EventRecorder counts the same event on the first one", async () => {
  const { timers, recorder, events } = newRecorder();
  for (let time = 0; time < 3; time++) {
    recorder.record(SUBJECT, "Warning", "Failed", "again");
    await timers.advance(10_000);
  }
  assert.equal(events().length, 1);
  assert.equal(events()[0]?.count, 3);
  assert.equal(events()[0]?.firstTimestamp, "2026-01-01T00:00:00Z");
  assert.equal(events()[0]?.lastTimestamp, "2026-01-01T00:00:20Z");
});

test("EventRecorder combines the tenth message of a kind with those that follow", async () => {
  const { timers, recorder, events } = newRecorder();
  for (let index = 1; index <= 12; index++) recorder.record(SUBJECT, "Normal", "Created", `pod ${index}`);
  await timers.advance(0);
  const texts = events().map((event) => `${event.message} x${event.count}`);
  assert.deepEqual(texts.slice(7), ["pod 8 x1", "pod 9 x1", "(combined from similar events): pod 12 x3"]);
});

test("EventRecorder lets 25 events about an object through at once, then one in 5 minutes", async () => {
  const { timers, recorder, api } = newRecorder();
  const writes = () => api.requests.length;
  for (let index = 0; index < 40; index++) recorder.record(SUBJECT, "Normal", `Reason${index}`, "text");
  await timers.advance(0);
  assert.equal(writes(), 25);
  await timers.advance(300_000);
  recorder.record(SUBJECT, "Normal", "Later", "text");
  recorder.record(SUBJECT, "Normal", "TooSoon", "text");
  await timers.advance(0);
  assert.equal(writes(), 26);
});

test("EventRecorder makes an event anew, when the one to count on is gone", async () => {
  const { timers, recorder, api, events } = newRecorder();
  recorder.record(SUBJECT, "Normal", "Reason", "text");
  await timers.advance(0);
  const name = events()[0]?.metadata.name ?? "";
  await api.client().resource({ group: "", version: "v1", resource: "events" }, "shop").delete(name);
  recorder.record(SUBJECT, "Normal", "Reason", "text");
  await timers.advance(0);
  assert.equal(events().length, 1);
  assert.equal(events()[0]?.count, 1);
});

test("EventRecorder tries again, when the server cannot be reached", async () => {
  const { timers, recorder, api, events } = newRecorder();
  api.intercept = () => {
    throw new Error("connection refused");
  };
  recorder.record(SUBJECT, "Normal", "Reason", "text");
  await timers.advance(25_000);
  api.intercept = null;
  await timers.advance(10_000);
  assert.equal(events().length, 1);
  assert.equal(recorder.droppedCount, 0);
});
