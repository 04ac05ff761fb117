// Runs Jobs: reads what there is, has planJob decide, carries that out in the order that loses no Pod's end.
// Source: pkg/controller/job/job_controller.go.
import { isStatus } from "../../../api/status.js";
import { wallMs } from "../../../base/timers.js";
import type { Informer } from "../../client/informer.js";
import { keyOf } from "../../client/object-store.js";
import type { Job, Pod } from "../../client/object-types.js";
import { clientOf, JOBS, PODS } from "../../client/resources.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import { Expectations } from "../harness/expectations.js";
import { gatherMs } from "../harness/gather.js";
import { createPods, deletePods } from "../harness/owned-pods.js";
import { controllerIn, controllerOf, dependentsOf, indexByController } from "../harness/owners.js";
import { isTerminating } from "../harness/pod-state.js";
import { writeStatus } from "../harness/write-status.js";
import { type JobPlan, planJob } from "./job-plan.js";
import { newJobPod } from "./job-pod.js";
import { hasTracking, isFinished, isManagedByOthers, JOB_KIND, TRACKING_FINALIZER } from "./job-state.js";

/** Keys of Pods whose Job is gone; keys of Jobs have no space. */
const ORPHAN = "orphan ";

export const jobController: Controller = {
  name: "job",
  component: "job-controller",
  workersCount: 5,
  start(context) {
    const shell = new JobShell(context);
    return (key) => shell.reconcile(key);
  },
};

class JobShell {
  readonly #context: ControllerContext;
  readonly #jobs: Informer<Job>;
  readonly #pods: Informer<Pod>;
  readonly #expectations: Expectations;
  /** Pods at the last look. */
  readonly #sizes = new Map<string, number>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#expectations = new Expectations(context.timers);
    this.#jobs = context.informers.informer(JOBS);
    this.#pods = context.informers.informer(PODS);
    indexByController(this.#pods);
    const enqueue = (job: Job): void => context.queue.add(keyOf(job));
    this.#jobs.addHandler({
      onAdd: enqueue,
      onUpdate: (_, job) => enqueue(job),
      onDelete: (job) => {
        enqueue(job);
        for (const pod of dependentsOf(this.#pods, job)) context.queue.add(ORPHAN + keyOf(pod));
      },
    });
    this.#pods.addHandler({
      onAdd: (pod) => this.#podChanged(pod, true),
      onUpdate: (_, pod) => this.#podChanged(pod, false),
      onDelete: (pod) => this.#podGone(pod),
    });
  }

  async reconcile(key: string): Promise<void> {
    if (key.startsWith(ORPHAN)) {
      await this.#releaseOrphan(key.slice(ORPHAN.length));
      return;
    }
    const job = this.#jobs.lister.get(key);
    if (job === undefined || isFinished(job) || isManagedByOthers(job)) {
      this.#expectations.forget(key);
      this.#sizes.delete(key);
      return;
    }
    const isSettled = this.#expectations.isSatisfied(key);
    const pods = dependentsOf(this.#pods, job);
    this.#sizes.set(key, pods.length);
    const plan = planJob({ job, pods, isSettled, nowMs: wallMs(this.#context.timers) });
    const error = await this.#resize(key, job, plan);
    await this.#writeStatus(job, plan);
    await Promise.all(plan.release.map((pod) => this.#release(pod)));
    if (error !== null) throw error;
    if (plan.requeueMs !== null) this.#context.queue.addAfter(key, plan.requeueMs);
  }

  async #resize(key: string, job: Job, { create, remove, replaced }: JobPlan): Promise<Error | null> {
    if (create.length + remove.length === 0) return null;
    this.#expectations.expect(key, create.length, remove.map(keyOf));
    const owner = { object: job, key, expectations: this.#expectations, context: this.#context };
    const failure = await deletePods(owner, remove);
    const error = await createPods(owner, create.length, (index) =>
      newJobPod(job, create[index] ?? -1, replaced.get(create[index] ?? -1)),
    );
    return error ?? failure;
  }

  async #writeStatus(job: Job, { status, events }: JobPlan): Promise<void> {
    await writeStatus(this.#context.client, JOBS, job, status);
    for (const { type, reason, message } of events) this.#context.events.record(job, type, reason, message);
  }

  async #release(pod: Pod): Promise<void> {
    const { name, namespace = "", uid, resourceVersion } = pod.metadata;
    const finalizers = (pod.metadata.finalizers ?? []).filter((each) => each !== TRACKING_FINALIZER);
    try {
      await clientOf(this.#context.client, PODS, namespace).patch(name, "merge", {
        metadata: { uid, resourceVersion, finalizers: finalizers.length === 0 ? null : finalizers },
      });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }

  async #releaseOrphan(key: string): Promise<void> {
    const pod = this.#pods.lister.get(key);
    if (pod !== undefined && hasTracking(pod) && this.#jobOf(pod) === undefined) await this.#release(pod);
  }

  #podChanged(pod: Pod, isNew: boolean): void {
    if (isTerminating(pod)) {
      this.#podGone(pod);
      return;
    }
    const job = this.#jobOf(pod);
    if (job === undefined) {
      this.#orphanSeen(pod);
      return;
    }
    if (isNew) this.#expectations.created(keyOf(job));
    this.#enqueue(keyOf(job));
  }

  #podGone(pod: Pod): void {
    const job = this.#jobOf(pod);
    if (job === undefined) {
      this.#orphanSeen(pod);
      return;
    }
    this.#expectations.deleted(keyOf(job), keyOf(pod));
    this.#enqueue(keyOf(job));
  }

  /** Its Job may only not have been seen yet: looked at a little later. */
  #orphanSeen(pod: Pod): void {
    const isOfJob = controllerOf(pod)?.kind === JOB_KIND.kind;
    if (hasTracking(pod) && (isOfJob || isTerminating(pod)))
      this.#context.queue.addAfter(ORPHAN + keyOf(pod), 1000);
  }

  #enqueue(key: string): void {
    this.#context.queue.addAfter(key, gatherMs(this.#sizes.get(key) ?? 0));
  }

  #jobOf(pod: Pod): Job | undefined {
    return controllerIn(this.#jobs, pod, JOB_KIND);
  }
}
