import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { ManualTimers } from "../../base/timers.js";
import { EventSeriesRecorder } from "./event-series.js";
import { MemoryApi } from "./memory-api.test-data.js";
import type { KubeObject } from "../../api/meta.js";

interface SeriesOf extends KubeObject {
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

const POD = { apiVersion: "v1", kind: "Pod", metadata: { name: "web", namespace: "shop", uid: "u1" } };
const MINUTE_MS = 60_000;

function newRecorder() {
  const timers = new ManualTimers();
  const api = new MemoryApi(timers);
  const recorder = new EventSeriesRecorder({
    client: api.client(),
    component: "default-scheduler",
    instance: "default-scheduler-a",
    timers,
    prng: new Prng(1),
  });
  const fail = (message: string) =>
    recorder.record({
      subject: POD,
      type: "Warning",
      reason: "FailedScheduling",
      action: "Scheduling",
      message,
    });
  return { timers, api, recorder, fail, events: () => api.all("/events") as SeriesOf[] };
}

test("EventSeriesRecorder writes an Event of the newer kind: an action, microseconds, no count", async () => {
  const { timers, recorder, events } = newRecorder();
  const message = "Successfully assigned shop/web to node-0";
  recorder.record({ subject: POD, type: "Normal", reason: "Scheduled", action: "Binding", message });
  await timers.advance(0);
  const [event] = events();
  assert.match(event?.metadata.name ?? "", /^web\.[0-9a-f]{16}$/);
  assert.deepEqual(
    { ...event, metadata: null },
    {
      apiVersion: "v1",
      kind: "Event",
      metadata: null,
      involvedObject: { apiVersion: "v1", kind: "Pod", name: "web", namespace: "shop", uid: "u1" },
      reason: "Scheduled",
      message,
      source: {},
      firstTimestamp: null,
      lastTimestamp: null,
      type: "Normal",
      eventTime: "2026-01-01T00:00:00.000000Z",
      action: "Binding",
      reportingComponent: "default-scheduler",
      reportingInstance: "default-scheduler-a",
    },
  );
});

test("EventSeriesRecorder begins a series with the second time, and tells of it again after half an hour", async () => {
  const { timers, fail, events } = newRecorder();
  const counts: (number | undefined)[] = [];
  for (let minute = 0; minute <= 32; minute += 4) {
    fail(`reason ${minute}`);
    await timers.advance(4 * MINUTE_MS);
    counts.push(events()[0]?.series?.count);
  }
  assert.deepEqual(counts, [undefined, 2, 2, 2, 2, 2, 2, 2, 2]);
  fail("reason 36");
  await timers.advance(0);
  assert.equal(events().length, 1);
  assert.deepEqual(events()[0]?.series, { count: 10, lastObservedTime: "2026-01-01T00:36:00.000000Z" });
});

test("EventSeriesRecorder makes the Event anew after six minutes of silence, or when it is gone", async () => {
  const { timers, api, fail, events } = newRecorder();
  fail("first");
  await timers.advance(6 * MINUTE_MS + 1);
  fail("second");
  await timers.advance(0);
  assert.equal(events().length, 2);
  for (const { metadata } of events())
    await api
      .client()
      .resource({ group: "", version: "v1", resource: "events" }, "shop")
      .delete(metadata.name);
  fail("third");
  await timers.advance(0);
  assert.deepEqual(
    events().map((event) => (event as { message?: string }).message),
    ["third"],
  );
});
