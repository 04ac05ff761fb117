// Starts the Jobs of CronJobs: reads what there is, has planCronJob decide, carries that out.
// Source: pkg/controller/cronjob/cronjob_controllerv2.go.
import type { KubeObject } from "../../../api/meta.js";
import { isStatus } from "../../../api/status.js";
import { wallMs } from "../../../base/timers.js";
import type { Informer } from "../../client/informer.js";
import { keyOf } from "../../client/object-store.js";
import type { CronJob, Job } from "../../client/object-types.js";
import { CRON_JOBS, clientOf, JOBS } from "../../client/resources.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import { controllerIn, dependentsOf, indexByController, isControlledBy } from "../harness/owners.js";
import { writeStatus } from "../harness/write-status.js";
import { CRON_JOB_KIND, type CronJobStatus, type JobReference, planCronJob } from "./cronjob-plan.js";

export const cronJobController: Controller = {
  name: "cronjob",
  component: "cronjob-controller",
  workersCount: 5,
  start(context) {
    const shell = new CronJobShell(context);
    return (key) => shell.reconcile(key);
  },
};

class CronJobShell {
  readonly #context: ControllerContext;
  readonly #cronJobs: Informer<CronJob>;
  readonly #jobs: Informer<Job>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#cronJobs = context.informers.informer(CRON_JOBS);
    this.#jobs = context.informers.informer(JOBS);
    indexByController(this.#jobs);
    const enqueue = (cronJob: CronJob): void => context.queue.add(keyOf(cronJob));
    this.#cronJobs.addHandler({ onAdd: enqueue, onUpdate: (_, cronJob) => enqueue(cronJob) });
    const jobChanged = (job: Job): void => this.#jobChanged(job);
    this.#jobs.addHandler({ onAdd: jobChanged, onUpdate: (_, job) => jobChanged(job), onDelete: jobChanged });
  }

  async reconcile(key: string): Promise<void> {
    const cronJob = this.#cronJobs.lister.get(key);
    if (cronJob === undefined) return;
    const { events, timers, queue } = this.#context;
    const jobs = dependentsOf(this.#jobs, cronJob);
    const plan = planCronJob({ cronJob, jobs, nowMs: wallMs(timers) });
    for (const { type, reason, message } of plan.events) events.record(cronJob, type, reason, message);
    for (const job of plan.remove) await this.#delete(cronJob, job);
    const started = plan.create === null ? null : await this.#create(cronJob, plan.create);
    const active = [...(plan.status.active ?? []), ...(started === null ? [] : [started])];
    await this.#writeStatus(cronJob, { ...plan.status, ...(active.length === 0 ? {} : { active }) });
    if (plan.requeueMs !== null) queue.addAfter(key, plan.requeueMs);
  }

  /** @returns null when a Job of that name is another's */
  async #create(cronJob: CronJob, job: KubeObject): Promise<JobReference | null> {
    const { client, events } = this.#context;
    const jobs = clientOf(client, JOBS, cronJob.metadata.namespace ?? "");
    try {
      const created = await jobs.create(job);
      events.record(cronJob, "Normal", "SuccessfulCreate", `Created job ${created.metadata.name}`);
      return referenceTo(created);
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) {
        events.record(cronJob, "Warning", "FailedCreate", `Error creating job: ${(error as Error).message}`);
        throw error;
      }
      const existing = await jobs.get(job.metadata.name);
      return isControlledBy(existing, cronJob) ? referenceTo(existing) : null;
    }
  }

  async #delete(cronJob: CronJob, job: Job): Promise<void> {
    const { client, events } = this.#context;
    const { name, namespace = "" } = job.metadata;
    try {
      await clientOf(client, JOBS, namespace).delete(name, { propagationPolicy: "Background" });
      events.record(cronJob, "Normal", "SuccessfulDelete", `Deleted job ${name}`);
    } catch (error) {
      if (isStatus(error, "NotFound")) return;
      events.record(cronJob, "Warning", "FailedDelete", `Deleted job: ${(error as Error).message}`);
      throw error;
    }
  }

  #writeStatus(cronJob: CronJob, status: CronJobStatus): Promise<void> {
    return writeStatus(this.#context.client, CRON_JOBS, cronJob, status);
  }

  #jobChanged(job: Job): void {
    const cronJob = controllerIn(this.#cronJobs, job, CRON_JOB_KIND);
    if (cronJob !== undefined) this.#context.queue.add(keyOf(cronJob));
  }
}

function referenceTo({ metadata }: Job): JobReference {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}
