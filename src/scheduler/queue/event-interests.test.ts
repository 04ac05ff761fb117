import assert from "node:assert/strict";
import { test } from "node:test";
import { ACTION, type ClusterEvent, EVENTS, type EventRegistration } from "../framework/cluster-event.js";
import { ANY_EVENT, EventInterests } from "./event-interests.js";
import { never } from "./queue.test-data.js";

const TAINT: ClusterEvent = {
  resource: "Node",
  action: ACTION.UpdateNodeTaint,
  label: "NodeUpdateNodeTaint",
};
const LABEL: ClusterEvent = {
  resource: "Node",
  action: ACTION.UpdateNodeLabel,
  label: "NodeUpdateNodeLabel",
};

function interests(rows: readonly EventRegistration[], hintsEnabled = true): EventInterests {
  return new EventInterests(new Map([["Plugin", rows]]), { hintsEnabled });
}

test("of gives each plugin the hints of all its matching registrations", () => {
  const rows: EventRegistration[] = [
    { resource: "Node", actions: ACTION.Add | ACTION.UpdateNodeTaint, hint: never },
    { resource: "Node", actions: ACTION.Add },
    { resource: "AssignedPod", actions: ACTION.Add },
  ];
  const event = EVENTS.NodeAdd;
  assert.deepEqual(interests(rows).of(event), [{ plugin: "Plugin", hints: [never, null] }]);
  assert.deepEqual(interests(rows, false).of(event), [{ plugin: "Plugin", hints: [null, null] }]);
  assert.deepEqual(interests(rows).of(LABEL), []);
});

test("of works the answer out once per kind of event", () => {
  const table = interests([{ resource: "Node", actions: ACTION.Add }]);
  assert.equal(table.of(EVENTS.NodeAdd), table.of({ ...EVENTS.NodeAdd }));
});

test("of counts a taint update for plugins that wait for nodes and did not ask for it", () => {
  const asked = interests([{ resource: "Node", actions: ACTION.Add, hint: never }]);
  assert.deepEqual(asked.of(TAINT), [{ plugin: "Plugin", hints: [null] }]);
  const notAsked = interests([{ resource: "Node", actions: ACTION.UpdateNodeLabel, hint: never }]);
  assert.deepEqual(notAsked.of(TAINT), []);
});

test("ANY_EVENT matches every event and has no hint", () => {
  for (const event of [TAINT, LABEL, EVENTS.AssignedPodDelete])
    assert.deepEqual(interests(ANY_EVENT).of(event), [{ plugin: "Plugin", hints: [null] }]);
});
