import assert from "node:assert/strict";
import { test } from "node:test";
import type { QueuedPod } from "../../framework/queued-pod.js";
import { pod } from "../cluster.test-data.js";
import { createPrioritySort } from "./priority-sort.js";

const queued = (priority: number, timestampMs: number) =>
  ({ pod: pod("p", { priority }), timestampMs }) as QueuedPod;

test("PrioritySort puts higher priority first, then the longer wait", () => {
  const { less } = createPrioritySort();
  assert.ok(less(queued(10, 5), queued(9, 1)));
  assert.ok(!less(queued(9, 1), queued(10, 5)));
  assert.ok(less(queued(9, 1), queued(9, 2)));
  assert.ok(!less(queued(9, 1), queued(9, 1)));
});
