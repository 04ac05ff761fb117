import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENTS } from "../framework/cluster-event.js";
import { InFlight } from "./in-flight.js";

const NOTHING = { before: null, after: null };

const seen = (inFlight: InFlight, uid: string) =>
  [...inFlight.eventsSince(uid)].map(({ event }) => event.label);

test("record keeps nothing when no Pod is in flight", () => {
  const inFlight = new InFlight();
  inFlight.record(EVENTS.NodeAdd, NOTHING);
  assert.equal(inFlight.eventCount, 0);
});

test("eventsSince gives each Pod the events after its start, in order", () => {
  const inFlight = new InFlight();
  inFlight.start("a");
  inFlight.record(EVENTS.NodeAdd, NOTHING);
  inFlight.start("b");
  inFlight.record(EVENTS.AssignedPodDelete, NOTHING);
  assert.deepEqual(seen(inFlight, "a"), ["NodeAdd", "AssignedPodDelete"]);
  assert.deepEqual(seen(inFlight, "b"), ["AssignedPodDelete"]);
  assert.deepEqual(seen(inFlight, "unknown"), []);
});

test("start refuses a Pod that is in flight", () => {
  const inFlight = new InFlight();
  assert.equal(inFlight.start("a"), true);
  assert.equal(inFlight.start("a"), false);
  assert.equal(inFlight.podCount, 1);
});

test("done drops what only that Pod needed and shrinks to nothing", () => {
  const inFlight = new InFlight();
  inFlight.start("a");
  inFlight.record(EVENTS.NodeAdd, NOTHING);
  inFlight.start("b");
  inFlight.record(EVENTS.NodeDelete, NOTHING);
  inFlight.start("c");
  inFlight.done("b");
  assert.equal(inFlight.eventCount, 2);
  inFlight.done("a");
  assert.equal(inFlight.eventCount, 0);
  inFlight.record(EVENTS.NodeAdd, NOTHING);
  assert.deepEqual(seen(inFlight, "c"), ["NodeAdd"]);
  inFlight.done("c");
  inFlight.done("c");
  assert.deepEqual([inFlight.eventCount, inFlight.podCount], [0, 0]);
});
