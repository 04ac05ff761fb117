import assert from "node:assert/strict";
import { test } from "node:test";
import type { Job, Pod } from "../../client/object-types.js";
import { JOBS } from "../../client/resources.js";
import { labelled, startCluster, type TestCluster } from "../harness/cluster.test-data.js";
import { failedIndexesOf, failureAnnotations, indexRetryInMs } from "./failed-indexes.js";
import { jobController } from "./job-controller.js";
import { hasTracking, INDEX_KEY, indexOf, TRACKING_FINALIZER } from "./job-state.js";
import { successMessage } from "./success-policy.js";

const FAILURES = "batch.kubernetes.io/job-index-failure-count";
const IGNORED = "batch.kubernetes.io/job-index-ignored-failure-count";
const NOW_MS = Date.UTC(2026, 0, 1, 1);

const IGNORE = { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] };
const FAIL_INDEX = { action: "FailIndex", onExitCodes: { operator: "In", values: [42] } };

function indexedJob(spec: object, status: object = {}): Job {
  return {
    metadata: { name: "sum", uid: "job" },
    spec: { completions: 10, completionMode: "Indexed", backoffLimitPerIndex: 1, template: {}, ...spec },
    status,
  } as unknown as Job;
}

interface EndedPod {
  readonly index: number;
  readonly phase?: string;
  readonly exitCode?: number;
  readonly failures?: number;
  readonly ignored?: number;
  readonly isDisrupted?: boolean;
  readonly secondsAgo?: number;
  readonly isCounted?: boolean;
}

function pod(ended: EndedPod): Pod {
  const { index, phase = "Failed", exitCode = 1, failures = 0, ignored = 0, secondsAgo = 0 } = ended;
  const finishedAt = new Date(NOW_MS - secondsAgo * 1000).toISOString();
  return {
    metadata: {
      name: `sum-${index}-${failures}`,
      finalizers: ended.isCounted === true ? [] : [TRACKING_FINALIZER],
      annotations: { [INDEX_KEY]: `${index}`, [FAILURES]: `${failures}`, [IGNORED]: `${ignored}` },
    },
    status: {
      phase,
      conditions: ended.isDisrupted === true ? [{ type: "DisruptionTarget", status: "True" }] : [],
      containerStatuses: [{ name: "main", state: { terminated: { exitCode, finishedAt } } }],
    },
  } as unknown as Pod;
}

/** Failed indices, and those whose Pod is held: as upstream's TestCalculateFailedIndexes and the like have it. */
const CASES: readonly [
  name: string,
  spec: object,
  status: object,
  pods: readonly EndedPod[],
  failed: readonly number[],
  held: readonly number[],
][] = [
  ["a first failure may be tried again", {}, {}, [{ index: 0 }], [], [0]],
  ["a second one may not", {}, {}, [{ index: 0, failures: 1 }], [0], []],
  ["no failure is allowed", { backoffLimitPerIndex: 0 }, {}, [{ index: 3 }], [3], []],
  ["known ones stay", {}, { failedIndexes: "1,4-6" }, [], [1, 4, 5, 6], []],
  ["known ones are not held", {}, { failedIndexes: "1" }, [{ index: 1 }], [1], []],
  ["beyond the Job", { completions: 2 }, { failedIndexes: "1,5" }, [{ index: 5, failures: 9 }], [1], []],
  ["counted already", {}, {}, [{ index: 0, failures: 1, isCounted: true }], [], []],
  ["it succeeded since", {}, {}, [{ index: 0 }, { index: 0, phase: "Succeeded" }], [], []],
  ["it is tried again already", {}, {}, [{ index: 0 }, { index: 0, phase: "Running" }], [], []],
  [
    "FailIndex fails it at once",
    { podFailurePolicy: { rules: [FAIL_INDEX] } },
    {},
    [{ index: 2, exitCode: 42 }, { index: 3 }],
    [2],
    [3],
  ],
  [
    "what is ignored does not count",
    { podFailurePolicy: { rules: [IGNORE] } },
    {},
    [{ index: 2, failures: 1, isDisrupted: true }],
    [],
    [2],
  ],
];

test("failedIndexesOf tells indices that failed for good from those that are tried again", () => {
  for (const [name, spec, status, ended, failed, held] of CASES) {
    const pods = ended.map(pod);
    const succeeded = pods.filter((each) => each.status?.phase === "Succeeded").map(indexOf);
    const found = failedIndexesOf(indexedJob(spec, status), pods, new Set(succeeded));
    assert.deepEqual([...(found?.failed ?? [])], failed, name);
    assert.deepEqual([...(found?.held.keys() ?? [])], held, name);
  }
  assert.equal(failedIndexesOf(indexedJob({ backoffLimitPerIndex: undefined }), [], new Set()), null);
});

test("failedIndexesOf holds the Pod that knows most failures", () => {
  const [first, second] = [pod({ index: 0, secondsAgo: 9 }), pod({ index: 0, failures: 1, secondsAgo: 3 })];
  const job = indexedJob({ backoffLimitPerIndex: 5 });
  for (const pods of [
    [first, second],
    [second, first],
  ])
    assert.equal(failedIndexesOf(job, pods, new Set())?.held.get(0), second);
});

test("failureAnnotations count on from the Pod that is replaced, ignored failures apart", () => {
  const job = indexedJob({ podFailurePolicy: { rules: [IGNORE] } });
  assert.deepEqual(failureAnnotations(job, undefined), { [FAILURES]: "0" });
  assert.deepEqual(failureAnnotations(job, pod({ index: 0, failures: 2 })), { [FAILURES]: "3" });
  const disrupted = pod({ index: 0, failures: 2, ignored: 1, isDisrupted: true });
  assert.deepEqual(failureAnnotations(job, disrupted), { [FAILURES]: "2", [IGNORED]: "2" });
});

test("indexRetryInMs doubles with all failures of the index, ignored ones too", () => {
  assert.equal(indexRetryInMs(undefined, NOW_MS), 0);
  assert.equal(indexRetryInMs(pod({ index: 0, secondsAgo: 4 }), NOW_MS), 6000);
  assert.equal(indexRetryInMs(pod({ index: 0, failures: 1, ignored: 1, secondsAgo: 4 }), NOW_MS), 36_000);
  assert.equal(indexRetryInMs(pod({ index: 0, failures: 40 }), NOW_MS), 600_000);
  assert.equal(indexRetryInMs(pod({ index: 0, secondsAgo: 60 }), NOW_MS), 0);
});

const SUCCESS: readonly [rules: readonly object[], completed: readonly number[], message: string | null][] = [
  [[{ succeededCount: 1 }], [], null],
  [[{ succeededCount: 2 }], [0, 4], "Matched rules at index 0"],
  [[{ succeededIndexes: "0-2" }], [0, 1], null],
  [[{ succeededIndexes: "0-2" }], [0, 1, 2], "Matched rules at index 0"],
  [[{ succeededIndexes: "0-2", succeededCount: 2 }], [0, 2], "Matched rules at index 0"],
  [[{ succeededIndexes: "0-2", succeededCount: 2 }], [0, 7], null],
  [[{ succeededIndexes: "9" }, { succeededIndexes: "1,3" }], [1, 3], "Matched rules at index 1"],
  [[{ succeededIndexes: "0-999999999999" }], [1, 3], null],
];

test("successMessage goes by the first rule that is met", () => {
  for (const [rules, completed, message] of SUCCESS)
    assert.equal(
      successMessage(indexedJob({ successPolicy: { rules } }), new Set(completed)),
      message,
      JSON.stringify(rules),
    );
});

const running = (cluster: TestCluster): Pod[] =>
  cluster
    .pods()
    .filter(
      ({ status, metadata }) => status?.phase === "Running" && metadata.deletionTimestamp === undefined,
    );

async function startJob(spec: object): Promise<TestCluster> {
  const cluster = await startCluster([jobController]);
  const template = labelled({ job: "sum" });
  await cluster.of(JOBS).create({
    metadata: { name: "sum" },
    spec: { completionMode: "Indexed", backoffLimit: 2 ** 31 - 1, template, ...spec },
  });
  await cluster.timers.advance(200);
  return cluster;
}

async function finish(cluster: TestCluster, index: number, phase: "Succeeded" | "Failed"): Promise<void> {
  const found = running(cluster).find((each) => indexOf(each) === index);
  assert.ok(found !== undefined, `index ${index} runs`);
  await cluster.kubelet.finish(found.metadata.name, phase);
  await cluster.timers.advance(200);
}

test("jobController tries an index again until its own limit, and fails the Job when the others are done", async () => {
  const cluster = await startJob({ completions: 2, parallelism: 2, backoffLimitPerIndex: 1 });
  await finish(cluster, 0, "Failed");
  assert.ok(cluster.pods().some((each) => each.status?.phase === "Failed" && hasTracking(each)));
  await cluster.timers.advance(11_000);
  const again = running(cluster).find((each) => indexOf(each) === 0);
  assert.equal(again?.metadata.annotations?.[FAILURES], "1");
  assert.ok(cluster.pods().every((each) => each.status?.phase !== "Failed" || !hasTracking(each)));
  await finish(cluster, 0, "Failed");
  const { status: between } = await cluster.of(JOBS).get("sum");
  assert.deepEqual([between?.failedIndexes, between?.failed, between?.active], ["0", 2, 1]);
  await cluster.timers.advance(60_000);
  assert.deepEqual(running(cluster).map(indexOf), [1]);
  await finish(cluster, 1, "Succeeded");
  await cluster.timers.advance(1000);
  const { status } = await cluster.of(JOBS).get("sum");
  assert.deepEqual([status?.failedIndexes, status?.completedIndexes], ["0", "1"]);
  const failed = status?.conditions?.find(({ type }) => type === "Failed");
  assert.deepEqual([failed?.reason, failed?.message], ["FailedIndexes", "Job has failed indexes"]);
  assert.ok(cluster.pods().every((each) => !hasTracking(each)));
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("jobController gives up when more indices than maxFailedIndexes have failed", async () => {
  const cluster = await startJob({
    completions: 4,
    parallelism: 4,
    backoffLimitPerIndex: 0,
    maxFailedIndexes: 1,
  });
  await finish(cluster, 3, "Failed");
  assert.equal(running(cluster).length, 3);
  await finish(cluster, 1, "Failed");
  await cluster.timers.advance(1000);
  const { status } = await cluster.of(JOBS).get("sum");
  assert.equal(status?.failedIndexes, "1,3");
  assert.equal(status?.conditions?.find(({ type }) => type === "Failed")?.reason, "MaxFailedIndexesExceeded");
  assert.equal(running(cluster).length, 0);
  await cluster.stop();
});
