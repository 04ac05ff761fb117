import assert from "node:assert/strict";
import { test } from "node:test";
import type { Job } from "../../client/object-types.js";
import { CRON_JOBS, JOBS } from "../../client/resources.js";
import { startCluster, type TestCluster } from "../harness/cluster.test-data.js";
import { cronJobController } from "./cronjob-controller.js";
import { dueTime, parseSchedule } from "./schedule.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const MIDNIGHT_MS = Date.UTC(2026, 0, 1);

function cronJob(schedule: string, more: object = {}) {
  return {
    metadata: { name: "backup" },
    spec: {
      schedule,
      jobTemplate: { metadata: { labels: { app: "backup" } }, spec: { completions: 1 } },
      ...more,
    },
  };
}

const jobs = (cluster: TestCluster): Job[] => cluster.api.all("batch/jobs") as Job[];
const names = (cluster: TestCluster): string[] => jobs(cluster).map((job) => job.metadata.name);
const nameAt = (ms: number): string => `backup-${ms / MINUTE_MS}`;

async function end(cluster: TestCluster, name: string, type: "Complete" | "Failed"): Promise<void> {
  const time = cluster.timers.wall().toISOString();
  const status = {
    startTime: (await cluster.of(JOBS).get(name)).metadata.creationTimestamp,
    conditions: [{ type, status: "True" }],
    ...(type === "Complete" ? { completionTime: time } : {}),
  };
  await cluster.of(JOBS).patch(name, "merge", { status }, { subresource: "status" });
}

test("cronJobController starts a Job for each time, named after its minute", async () => {
  const cluster = await startCluster([cronJobController]);
  await cluster.of(CRON_JOBS).create(cronJob("*/10 * * * *"));
  await cluster.timers.advance(9 * MINUTE_MS);
  assert.deepEqual(names(cluster), []);
  await cluster.timers.advance(2 * MINUTE_MS);
  assert.deepEqual(names(cluster), [nameAt(MIDNIGHT_MS + 10 * MINUTE_MS)]);
  const [job] = jobs(cluster);
  assert.equal(
    job?.metadata.annotations?.["batch.kubernetes.io/cronjob-scheduled-timestamp"],
    "2026-01-01T00:10:00Z",
  );
  assert.deepEqual(job?.metadata.labels, { app: "backup" });
  await cluster.timers.advance(10 * MINUTE_MS);
  assert.equal(jobs(cluster).length, 2);
  const { status } = await cluster.of(CRON_JOBS).get("backup");
  assert.equal(status?.lastScheduleTime, "2026-01-01T00:20:00Z");
  assert.deepEqual(
    status?.active?.map(({ name }) => name),
    names(cluster),
  );
  assert.ok(cluster.events().includes(`Normal SuccessfulCreate Created job ${names(cluster)[0]}`));
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("cronJobController keeps 3 Jobs that succeeded and 1 that failed, and the time of the last success", async () => {
  const cluster = await startCluster([cronJobController]);
  await cluster.of(CRON_JOBS).create(cronJob("0 * * * *"));
  for (let hour = 1; hour <= 8; hour++) {
    await cluster.timers.advance(HOUR_MS);
    await cluster.timers.advance(MINUTE_MS);
    await end(cluster, nameAt(MIDNIGHT_MS + hour * HOUR_MS), hour > 5 ? "Failed" : "Complete");
  }
  await cluster.timers.advance(MINUTE_MS);
  assert.deepEqual(
    names(cluster),
    [3, 4, 5, 8].map((hour) => nameAt(MIDNIGHT_MS + hour * HOUR_MS)),
  );
  const { status } = await cluster.of(CRON_JOBS).get("backup");
  assert.equal(status?.active, undefined);
  assert.match(status?.lastSuccessfulTime ?? "", /^2026-01-01T05:/);
  await cluster.stop();
});

test("cronJobController skips a time while a Job runs, when concurrency is forbidden", async () => {
  const cluster = await startCluster([cronJobController]);
  await cluster.of(CRON_JOBS).create(cronJob("0 * * * *", { concurrencyPolicy: "Forbid" }));
  await cluster.timers.advance(2 * HOUR_MS + MINUTE_MS);
  assert.equal(jobs(cluster).length, 1);
  assert.ok(cluster.events().some((text) => text.startsWith("Normal JobAlreadyActive")));
  // The one that was skipped is still the latest that is due: it starts when the other ends.
  await end(cluster, names(cluster)[0] ?? "", "Complete");
  await cluster.timers.advance(MINUTE_MS);
  assert.equal(names(cluster)[1], nameAt(MIDNIGHT_MS + 2 * HOUR_MS));
  await cluster.stop();
});

test("cronJobController replaces a Job that still runs, when it is to replace", async () => {
  const cluster = await startCluster([cronJobController]);
  await cluster.of(CRON_JOBS).create(cronJob("0 * * * *", { concurrencyPolicy: "Replace" }));
  await cluster.timers.advance(2 * HOUR_MS + MINUTE_MS);
  assert.deepEqual(names(cluster), [nameAt(MIDNIGHT_MS + 2 * HOUR_MS)]);
  assert.equal((await cluster.of(CRON_JOBS).get("backup")).status?.active?.length, 1);
  await cluster.stop();
});

test("cronJobController starts nothing while suspended, and afterwards only what is in the deadline", async () => {
  const cluster = await startCluster([cronJobController]);
  await cluster.of(CRON_JOBS).create(cronJob("0 * * * *", { suspend: true, startingDeadlineSeconds: 600 }));
  await cluster.timers.advance(3 * HOUR_MS + 20 * MINUTE_MS);
  await cluster.of(CRON_JOBS).patch("backup", "merge", { spec: { suspend: false } });
  await cluster.timers.advance(MINUTE_MS);
  assert.deepEqual(names(cluster), []);
  await cluster.of(CRON_JOBS).patch("backup", "merge", { spec: { startingDeadlineSeconds: 3600 } });
  await cluster.timers.advance(MINUTE_MS);
  assert.deepEqual(names(cluster), [nameAt(MIDNIGHT_MS + 3 * HOUR_MS)]);
  await cluster.stop();
});

test("cronJobController says so, when more than 100 times were missed, and starts the latest", async () => {
  const cluster = await startCluster([cronJobController]);
  await cluster.of(CRON_JOBS).create(cronJob("* * * * *", { suspend: true }));
  await cluster.timers.advance(2 * HOUR_MS);
  await cluster.of(CRON_JOBS).patch("backup", "merge", { spec: { suspend: false } });
  await cluster.timers.advance(1000);
  assert.deepEqual(names(cluster), [nameAt(MIDNIGHT_MS + 2 * HOUR_MS)]);
  assert.ok(cluster.events().some((text) => text.startsWith("Warning TooManyMissedTimes")));
  await cluster.stop();
});

test("cronJobController goes by the time zone, and says which it does not know", async () => {
  const cluster = await startCluster([cronJobController]);
  await cluster.of(CRON_JOBS).create(cronJob("0 3 * * *", { timeZone: "Asia/Tokyo" }));
  await cluster.timers.advance(19 * HOUR_MS);
  assert.deepEqual(names(cluster), [nameAt(MIDNIGHT_MS + 18 * HOUR_MS)]);
  assert.equal(
    jobs(cluster)[0]?.metadata.annotations?.["batch.kubernetes.io/cronjob-scheduled-timestamp"],
    "2026-01-02T03:00:00+09:00",
  );
  await cluster.of(CRON_JOBS).patch("backup", "merge", { spec: { timeZone: "Moon/Crater" } });
  await cluster.timers.advance(1000);
  assert.ok(
    cluster
      .events()
      .some((text) => text.startsWith('Warning UnknownTimeZone invalid timeZone: "Moon/Crater"')),
  );
  await cluster.of(CRON_JOBS).patch("backup", "merge", { spec: { timeZone: null, schedule: "61 * * * *" } });
  await cluster.timers.advance(1000);
  assert.ok(cluster.events().some((text) => text.startsWith("Warning UnparseableSchedule")));
  await cluster.stop();
});

test("parseSchedule reads what upstream's parser does", () => {
  const next = (text: string, zone = ""): string =>
    new Date(parseSchedule(text, zone).nextMs(Date.UTC(2026, 6, 15, 10, 30)) ?? 0).toISOString().slice(0, 16);
  assert.equal(next("*/15 9-17 * * mon-fri"), "2026-07-15T10:45");
  assert.equal(next("0 0 1 jan ?"), "2027-01-01T00:00");
  assert.equal(next("@weekly"), "2026-07-19T00:00");
  assert.equal(next("@every 1h30m"), "2026-07-15T12:00");
  assert.equal(next("0 12 13 * 5"), "2026-07-17T12:00", "day of month or day of week");
  assert.equal(next("0 12 * * *", "Europe/Paris"), "2026-07-16T10:00");
  assert.equal(next("TZ=America/New_York 0 12 * * *"), "2026-07-15T16:00");
  for (const bad of ["", "* * * *", "60 * * * *", "@never", "* * * * * *"])
    assert.throws(() => parseSchedule(bad, ""), Error, bad);
});

test("dueTime finds the latest time that has passed, also when times are far apart and uneven", () => {
  const yearly = parseSchedule("0 0 29 2 *", "");
  const at = (year: number, month: number, day: number): number => Date.UTC(year, month - 1, day);
  assert.deepEqual(dueTime(yearly, at(2024, 1, 1), at(2026, 1, 1)), {
    dueMs: at(2024, 2, 29),
    isFarBehind: false,
  });
  assert.deepEqual(dueTime(yearly, at(2024, 3, 1), at(2026, 1, 1)), { dueMs: null, isFarBehind: false });
  const monthly = parseSchedule("0 0 31 * *", "");
  assert.deepEqual(dueTime(monthly, at(2026, 1, 1), at(2026, 4, 15)).dueMs, at(2026, 3, 31));
});
