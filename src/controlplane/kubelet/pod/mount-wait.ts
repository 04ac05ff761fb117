// A Pod that waits for its volumes: tried at once, then with growing pauses, each failure an Event.
import type { DueEntry } from "../due-times.js";
import { type Backoff, MOUNT_BACKOFF, nextBackoff } from "./backoff.js";
import type { PodContext } from "./pod-context.js";
import { type MountProblem, mountProblem } from "./volumes.js";

/** For a disk to be attached, before that is a failure; upstream's podAttachAndMountTimeout. */
const ATTACH_TIMEOUT_MS = 123_000;

export class MountWait {
  readonly #worker: PodContext;
  #backoff: Backoff | null = null;
  #entry: DueEntry | null = null;
  /** When the wait for a disk began that was not reported yet. */
  #waitsSince: number | null = null;

  constructor(worker: PodContext) {
    this.#worker = worker;
  }

  async isMounted(): Promise<boolean> {
    const { host, pod } = this.#worker;
    if ((pod.spec.volumes ?? []).length === 0) return true;
    const problem = await mountProblem(pod, host.objects, (name) => host.isAttached(name)).catch(
      (error: Error): MountProblem => ({ reason: "FailedMount", message: error.message }),
    );
    if (problem === null) return true;
    const now = host.due.now();
    if (this.#isFailure(problem, now)) this.#worker.report(null, "Warning", problem.reason, problem.message);
    this.#backoff = nextBackoff(this.#backoff, now, now, MOUNT_BACKOFF);
    host.due.cancel(this.#entry);
    this.#entry = this.#worker.wakeAfter(this.#backoff.delayMs);
    return false;
  }

  #isFailure({ isWaiting }: MountProblem, now: number): boolean {
    if (isWaiting !== true) return true;
    this.#waitsSince ??= now;
    if (now - this.#waitsSince < ATTACH_TIMEOUT_MS) return false;
    this.#waitsSince = now;
    return true;
  }

  cancel(): void {
    this.#worker.host.due.cancel(this.#entry);
  }
}
