import assert from "node:assert/strict";
import { test } from "node:test";
import type { Job, Pod } from "../../client/object-types.js";
import { JOBS, PODS } from "../../client/resources.js";
import { labelled, startCluster, type TestCluster } from "../harness/cluster.test-data.js";
import { formatIndexes, parseIndexes } from "./index-set.js";
import { jobController } from "./job-controller.js";
import { hasTracking, INDEX_KEY, indexOf } from "./job-state.js";
import { retryInMs } from "./retry-delay.js";
import { ttlAfterFinishedController } from "./ttl-controller.js";

function job(spec: object) {
  return { metadata: { name: "sum" }, spec: { template: labelled({ job: "sum" }), ...spec } };
}

const sum = (cluster: TestCluster): Promise<Job> => cluster.of(JOBS).get("sum");
const running = (cluster: TestCluster): Pod[] =>
  cluster
    .pods()
    .filter((pod) => pod.status?.phase === "Running" && pod.metadata.deletionTimestamp === undefined);

async function finishAll(
  cluster: TestCluster,
  phase: "Succeeded" | "Failed",
  exitCode?: number,
): Promise<void> {
  for (const pod of running(cluster)) await cluster.kubelet.finish(pod.metadata.name, phase, exitCode);
  await cluster.timers.advance(200);
}

async function conditions(cluster: TestCluster): Promise<string[]> {
  return ((await sum(cluster)).status?.conditions ?? []).map(
    ({ type, status, reason }) => `${type}=${status} ${reason}`,
  );
}

test("jobController runs as many Pods at a time as parallelism says, until completions", async () => {
  const cluster = await startCluster([jobController]);
  await cluster.of(JOBS).create(job({ completions: 5, parallelism: 2 }));
  await cluster.timers.advance(200);
  for (const count of [2, 2, 1]) {
    assert.equal(running(cluster).length, count);
    await finishAll(cluster, "Succeeded");
  }
  const { status } = await sum(cluster);
  assert.equal(status?.succeeded, 5);
  assert.deepEqual([status?.active, status?.failed, status?.ready], [0, undefined, 0]);
  assert.deepEqual(status?.uncountedTerminatedPods, {});
  assert.ok(status?.completionTime !== undefined);
  assert.deepEqual(await conditions(cluster), [
    "SuccessCriteriaMet=True CompletionsReached",
    "Complete=True CompletionsReached",
  ]);
  assert.ok(cluster.pods().every((pod) => !hasTracking(pod)));
  assert.ok(cluster.events().includes("Normal Completed Job completed"));
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("jobController counts a Pod once, when it stops between any two of its writes", async () => {
  for (let stopAfter = 1; stopAfter <= 7; stopAfter++) {
    const cluster = await startCluster([jobController]);
    await cluster.of(JOBS).create(job({ completions: 3, parallelism: 3, backoffLimit: 100 }));
    await cluster.timers.advance(200);
    let writes = 0;
    cluster.api.intercept = ({ method, path }) => {
      // Statuses of the Job and finalizers of Pods: what the controller writes, the kubelet does not.
      const isController = method === "PUT" || (method === "PATCH" && !path.endsWith("/status"));
      if (isController && ++writes % 7 === stopAfter % 7) throw new Error("connection reset");
    };
    const [first] = running(cluster);
    await cluster.kubelet.finish(first?.metadata.name ?? "", "Failed");
    await cluster.timers.advance(60_000);
    cluster.api.intercept = null;
    await cluster.timers.advance(60_000);
    for (let round = 0; round < 4; round++) await finishAll(cluster, "Succeeded");
    const { status } = await sum(cluster);
    const failures = cluster.pods().filter((pod) => pod.status?.phase === "Failed").length;
    assert.deepEqual([status?.succeeded, status?.failed ?? 0], [3, failures], `stop after ${stopAfter}`);
    await cluster.stop();
  }
});

test("jobController counts Pods that are deleted before they end as failures", async () => {
  const cluster = await startCluster([jobController]);
  await cluster.of(JOBS).create(job({ completions: 1 }));
  await cluster.timers.advance(200);
  await cluster.of(PODS).delete(running(cluster)[0]?.metadata.name ?? "");
  await cluster.timers.advance(1000);
  assert.equal((await sum(cluster)).status?.failed, 1);
  await cluster.timers.advance(30_000);
  assert.equal(running(cluster).length, 1);
  assert.equal(cluster.pods().length, 1);
  await cluster.stop();
});

test("jobController waits 10 s, then 20 s before it tries again, and gives up after backoffLimit", async () => {
  const cluster = await startCluster([jobController]);
  await cluster.of(JOBS).create(job({ completions: 1, backoffLimit: 2 }));
  await cluster.timers.advance(200);
  await finishAll(cluster, "Failed");
  await cluster.timers.advance(9000);
  assert.equal(running(cluster).length, 0);
  await cluster.timers.advance(2000);
  assert.equal(running(cluster).length, 1);
  await finishAll(cluster, "Failed");
  await cluster.timers.advance(18_000);
  assert.equal(running(cluster).length, 0);
  await cluster.timers.advance(3000);
  assert.equal(running(cluster).length, 1);
  await finishAll(cluster, "Failed");
  await cluster.timers.advance(1000);
  assert.deepEqual(await conditions(cluster), [
    "FailureTarget=True BackoffLimitExceeded",
    "Failed=True BackoffLimitExceeded",
  ]);
  assert.equal((await sum(cluster)).status?.failed, 3);
  assert.ok(
    cluster.events().includes("Warning BackoffLimitExceeded Job has reached the specified backoff limit"),
  );
  await cluster.stop();
});

test("jobController ends a Job at its deadline, when its last Pod is gone", async () => {
  const cluster = await startCluster([jobController]);
  await cluster.of(JOBS).create(job({ completions: 1, activeDeadlineSeconds: 60 }));
  await cluster.timers.advance(59_000);
  assert.equal(running(cluster).length, 1);
  cluster.kubelet.isStuck = () => true;
  await cluster.timers.advance(3000);
  assert.deepEqual(await conditions(cluster), ["FailureTarget=True DeadlineExceeded"]);
  const [pod] = cluster.pods();
  assert.ok(pod !== undefined && !hasTracking(pod), "it is counted as failed");
  await cluster.of(PODS).delete(pod.metadata.name, { gracePeriodSeconds: 0 });
  await cluster.timers.advance(1000);
  assert.deepEqual(await conditions(cluster), [
    "FailureTarget=True DeadlineExceeded",
    "Failed=True DeadlineExceeded",
  ]);
  await cluster.stop();
});

test("jobController gives each Pod of an Indexed Job its index, and each index a Pod until it succeeds", async () => {
  const cluster = await startCluster([jobController]);
  await cluster.of(JOBS).create(job({ completions: 5, parallelism: 3, completionMode: "Indexed" }));
  await cluster.timers.advance(200);
  const indexes = () => running(cluster).map(indexOf).sort();
  assert.deepEqual(indexes(), [0, 1, 2]);
  const one = running(cluster).find((pod) => indexOf(pod) === 1) as Pod;
  assert.match(one.metadata.name, /^sum-1-/);
  assert.equal(one.spec?.hostname, "sum-1");
  assert.equal(one.metadata.labels?.[INDEX_KEY], "1");
  assert.equal(one.spec?.containers[0]?.env?.[0]?.name, "JOB_COMPLETION_INDEX");
  await cluster.kubelet.finish(one.metadata.name, "Succeeded");
  await cluster.timers.advance(200);
  assert.deepEqual(indexes(), [0, 2, 3]);
  assert.equal((await sum(cluster)).status?.completedIndexes, "1");
  await cluster.kubelet.finish(
    running(cluster).find((pod) => indexOf(pod) === 0)?.metadata.name ?? "",
    "Failed",
  );
  await cluster.timers.advance(11_000);
  assert.deepEqual(indexes(), [0, 2, 3]);
  await finishAll(cluster, "Succeeded");
  await finishAll(cluster, "Succeeded");
  const { status } = await sum(cluster);
  assert.deepEqual([status?.completedIndexes, status?.succeeded, status?.failed], ["0-4", 5, 1]);
  assert.ok((await conditions(cluster)).includes("Complete=True CompletionsReached"));
  await cluster.stop();
});

test("jobController stops Pods while suspended, and says so", async () => {
  const cluster = await startCluster([jobController]);
  await cluster.of(JOBS).create(job({ completions: 2, parallelism: 2 }));
  await cluster.timers.advance(200);
  await cluster.of(JOBS).patch("sum", "merge", { spec: { suspend: true } });
  await cluster.timers.advance(1000);
  assert.equal(cluster.pods().length, 0);
  assert.deepEqual(await conditions(cluster), ["Suspended=True JobSuspended"]);
  await cluster.of(JOBS).patch("sum", "merge", { spec: { suspend: false } });
  await cluster.timers.advance(30_000);
  assert.equal(running(cluster).length, 2);
  assert.deepEqual(await conditions(cluster), ["Suspended=False JobResumed"]);
  await cluster.stop();
});

test("jobController lets podFailurePolicy decide what a failure means", async () => {
  const cluster = await startCluster([jobController]);
  const rules = [
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
    { action: "FailJob", onExitCodes: { containerName: "main", operator: "In", values: [42] } },
  ];
  await cluster.of(JOBS).create(job({ completions: 1, backoffLimit: 0, podFailurePolicy: { rules } }));
  await cluster.timers.advance(200);
  const [pod] = running(cluster);
  await cluster
    .of(PODS)
    .patch(
      pod?.metadata.name ?? "",
      "merge",
      { status: { phase: "Failed", conditions: [{ type: "DisruptionTarget", status: "True" }] } },
      { subresource: "status" },
    );
  await cluster.timers.advance(15_000);
  assert.equal((await sum(cluster)).status?.failed, undefined);
  await finishAll(cluster, "Failed", 42);
  await cluster.timers.advance(1000);
  const failed = (await sum(cluster)).status?.conditions?.find(({ type }) => type === "Failed");
  assert.equal(failed?.reason, "PodFailurePolicy");
  assert.match(
    failed?.message ?? "",
    /^Container main for pod default\/sum-\w+ failed with exit code 42 matching FailJob rule at index 1$/,
  );
  await cluster.stop();
});

test("jobController ends a Job without completions, when one Pod succeeded and the others ended", async () => {
  const cluster = await startCluster([jobController]);
  await cluster.of(JOBS).create(job({ parallelism: 3 }));
  await cluster.timers.advance(200);
  const [first] = running(cluster);
  await cluster.kubelet.finish(first?.metadata.name ?? "", "Succeeded");
  await cluster.timers.advance(1000);
  assert.equal(running(cluster).length, 2);
  assert.deepEqual(await conditions(cluster), []);
  await finishAll(cluster, "Succeeded");
  assert.ok((await conditions(cluster)).includes("Complete=True CompletionsReached"));
  await cluster.stop();
});

test("jobController lets go of Pods whose Job is gone", async () => {
  const cluster = await startCluster([jobController]);
  await cluster.of(JOBS).create(job({ completions: 1 }));
  await cluster.timers.advance(200);
  await cluster.of(JOBS).delete("sum");
  await cluster.timers.advance(2000);
  assert.ok(cluster.pods().every((pod) => !hasTracking(pod)));
  await cluster.stop();
});

test("ttlAfterFinishedController deletes a Job that long after its end", async () => {
  const cluster = await startCluster([jobController, ttlAfterFinishedController]);
  await cluster.of(JOBS).create(job({ completions: 1, ttlSecondsAfterFinished: 100 }));
  await cluster.timers.advance(200);
  await finishAll(cluster, "Succeeded");
  await cluster.timers.advance(98_000);
  assert.equal(cluster.api.all("batch/jobs").length, 1);
  await cluster.timers.advance(3000);
  assert.equal(cluster.api.all("batch/jobs").length, 0);
  await cluster.stop();
});

test("formatIndexes writes runs of three and more as ranges, and parseIndexes reads them", () => {
  for (const [indexes, text] of [
    [[], ""],
    [[3], "3"],
    [[1, 2], "1,2"],
    [[0, 2, 3, 4, 7], "0,2-4,7"],
  ] as const) {
    assert.equal(formatIndexes(new Set(indexes)), text);
    assert.deepEqual([...parseIndexes(text, 100)], [...indexes]);
  }
  assert.deepEqual([...parseIndexes("0-9", 3)], [0, 1, 2]);
});

test("retryInMs counts failures since the last success", () => {
  const nowMs = Date.UTC(2026, 0, 1, 1);
  const ended = (secondsAgo: number): Pod => {
    const finishedAt = new Date(nowMs - secondsAgo * 1000).toISOString();
    return {
      status: { containerStatuses: [{ state: { terminated: { finishedAt } } }] },
      metadata: {},
    } as never;
  };
  assert.equal(retryInMs([], [], nowMs), 0);
  assert.equal(retryInMs([], [ended(4)], nowMs), 6000);
  assert.equal(retryInMs([], [ended(90), ended(50), ended(4)], nowMs), 36_000);
  assert.equal(retryInMs([ended(60)], [ended(90), ended(50), ended(4)], nowMs), 16_000);
  assert.equal(
    retryInMs(
      [],
      Array.from({ length: 30 }, () => ended(0)),
      nowMs,
    ),
    600_000,
  );
});
