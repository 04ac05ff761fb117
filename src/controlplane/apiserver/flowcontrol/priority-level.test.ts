import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualTimers } from "../../../base/timers.js";
import { FlowMetrics, FlowSeries } from "./flow-metrics.js";
import { PriorityLevel, type RejectReason } from "./priority-level.js";

const QUEUING = { queues: 8, handSize: 1, queueLengthLimit: 2 };

function newLevel(seats: number, queuing: typeof QUEUING | null = QUEUING) {
  const timers = new ManualTimers();
  const level = new PriorityLevel("test", timers);
  level.limits = { seats, queuing };
  const metrics = new FlowMetrics();
  const series = new FlowSeries(metrics, "test", "schema");
  const ended: string[] = [];
  const ask = (name: string, flow: number, signal = new AbortController().signal) => {
    const entering = level.enter({ series, hash: () => flow, waitMs: 1000, signal: () => signal });
    const end = (rejection: RejectReason | null) => ended.push(`${name} ${rejection ?? "served"}`);
    if (entering instanceof Promise) void entering.then(end);
    else end(entering);
  };
  return { timers, level, metrics, ask, ended };
}

test("PriorityLevel lets in as many as it has seats, and the next when one leaves", async () => {
  const { level, ask, ended, timers } = newLevel(2);
  for (const name of ["a", "b", "c"]) ask(name, 0);
  assert.deepEqual(ended, ["a served", "b served"]);
  level.leave();
  await timers.advance(0);
  assert.deepEqual(ended, ["a served", "b served", "c served"]);
  assert.equal(level.executing, 2);
});

test("PriorityLevel gives flows their turns, however many of one wait", async () => {
  const { level, ask, ended, timers } = newLevel(1);
  ask("first", 0);
  for (const name of ["flood1", "flood2", "flood3"]) ask(name, 0);
  ask("other", 1);
  assert.deepEqual(ended, ["first served", "flood3 queue-full"]);
  ended.length = 0;
  for (let left = 0; left < 3; left++) {
    level.leave();
    await timers.advance(0);
  }
  assert.deepEqual(ended, ["flood1 served", "other served", "flood2 served"]);
});

test("PriorityLevel gives up on who has waited its time, or has gone", async () => {
  const { level, ask, ended, timers, metrics } = newLevel(1);
  const client = new AbortController();
  ask("first", 0);
  ask("slow", 0);
  ask("gone", 1, client.signal);
  client.abort();
  await timers.advance(999);
  assert.deepEqual(ended, ["first served", "gone cancelled"]);
  await timers.advance(1);
  assert.deepEqual(ended.at(-1), "slow time-out");
  level.leave();
  assert.equal(level.executing, 0);
  assert.match(
    metrics.expose(),
    /apiserver_flowcontrol_request_wait_duration_seconds_count\{execute="false",flow_schema="schema",priority_level="test"\} 2/,
  );
  assert.match(
    metrics.expose(),
    /apiserver_flowcontrol_current_inqueue_requests\{flow_schema="schema",priority_level="test"\} 0/,
  );
});

test("PriorityLevel without queues refuses at once; with more seats it lets in who waits", async () => {
  const rejecting = newLevel(1, null);
  rejecting.ask("a", 0);
  rejecting.ask("b", 0);
  assert.deepEqual(rejecting.ended, ["a served", "b concurrency-limit"]);
  const { level, ask, ended, timers } = newLevel(1);
  ask("a", 0);
  ask("b", 0);
  level.limits = { seats: 2, queuing: QUEUING };
  await timers.advance(0);
  assert.deepEqual(ended, ["a served", "b served"]);
});
