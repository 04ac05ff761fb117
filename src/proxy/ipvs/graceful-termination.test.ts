import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isWaiting,
  recheck,
  restore,
  terminate,
  type ServerBinding,
  type WaitingServers,
} from "./graceful-termination.js";

const NONE: WaitingServers = new Map();
const IDLE = { active: 0, inactive: 0 };
const BUSY = { active: 0, inactive: 3 };

function binding(protocol: "tcp" | "udp" | "sctp", ip = "10.0.0.1"): ServerBinding {
  return { service: { protocol, ip: "10.96.0.1", port: 80 }, ip, port: 8080 };
}

test("terminate deletes a TCP server without connections at once", () => {
  const server = binding("tcp");
  const step = terminate(NONE, server, IDLE);
  assert.deepEqual(step.actions, [{ kind: "delete", server }]);
  assert.equal(step.waiting.size, 0);
});

test("terminate gives a TCP server with connections weight 0, and recheck deletes it when they have ended", () => {
  const server = binding("tcp");
  const { waiting, actions } = terminate(NONE, server, BUSY);
  assert.deepEqual(actions, [{ kind: "set-weight", server, weight: 0 }]);
  assert.ok(isWaiting(waiting, server));
  assert.deepEqual(
    recheck(waiting, () => BUSY),
    { waiting, actions: [] },
  );
  const ended = recheck(waiting, () => IDLE);
  assert.deepEqual(ended.actions, [{ kind: "delete", server }]);
  assert.equal(isWaiting(ended.waiting, server), false);
});

test("terminate deletes UDP and SCTP servers whatever they carry", () => {
  for (const protocol of ["udp", "sctp"] as const) {
    const server = binding(protocol);
    assert.deepEqual(terminate(NONE, server, BUSY).actions, [{ kind: "delete", server }]);
  }
});

test("restore deletes a waiting server and adds it with weight 1; others it only adds", () => {
  const server = binding("tcp");
  const { waiting } = terminate(NONE, server, BUSY);
  const step = restore(waiting, server);
  assert.deepEqual(step.actions, [
    { kind: "delete", server },
    { kind: "add", server, weight: 1 },
  ]);
  assert.equal(step.waiting.size, 0);
  const other = binding("tcp", "10.0.0.2");
  assert.deepEqual(restore(waiting, other), {
    waiting,
    actions: [{ kind: "add", server: other, weight: 1 }],
  });
});
