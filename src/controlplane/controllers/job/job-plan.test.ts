import assert from "node:assert/strict";
import { test } from "node:test";
import type { Job, Pod } from "../../client/object-types.js";
import { planJob } from "./job-plan.js";
import { BURST_MAX, INDEX_KEY, TRACKING_FINALIZER } from "./job-state.js";

function succeededPod(index: number): Pod {
  return {
    metadata: {
      name: `sum-${index}`,
      uid: `pod-${index}`,
      finalizers: [TRACKING_FINALIZER],
      annotations: { [INDEX_KEY]: `${index}` },
    },
    status: { phase: "Succeeded" },
  } as unknown as Pod;
}

test("planJob ends a Job only when no Pod keeps its finalizer, however many ended at once", () => {
  const job = {
    metadata: { name: "sum", uid: "job" },
    spec: {
      completions: BURST_MAX + 100,
      completionMode: "Indexed",
      successPolicy: { rules: [{ succeededCount: 1 }] },
      template: {},
    },
    status: {},
  } as unknown as Job;
  const pods = Array.from({ length: BURST_MAX + 1 }, (_, index) => succeededPod(index));
  const first = planJob({ job, pods, isSettled: true, nowMs: 0 });
  assert.equal(first.release.length, BURST_MAX);
  assert.deepEqual(
    first.status.conditions?.map(({ type }) => type),
    ["SuccessCriteriaMet"],
  );
  const last = pods.slice(BURST_MAX);
  const counted = { ...job, status: first.status } as unknown as Job;
  const second = planJob({ job: counted, pods: last, isSettled: true, nowMs: 0 });
  assert.deepEqual(second.release, last);
  assert.deepEqual(
    second.status.conditions?.map(({ type }) => type),
    ["SuccessCriteriaMet", "Complete"],
  );
  assert.equal(second.status.succeeded, BURST_MAX + 1);
});
