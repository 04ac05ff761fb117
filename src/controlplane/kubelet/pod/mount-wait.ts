// A Pod that waits for its volumes: tried at once, then with growing pauses, each failure an Event.
import type { DueEntry } from "../due-times.js";
import { type Backoff, MOUNT_BACKOFF, nextBackoff } from "./backoff.js";
import type { PodContext } from "./pod-context.js";
import { mountProblem } from "./volumes.js";

export class MountWait {
  readonly #worker: PodContext;
  #backoff: Backoff | null = null;
  #entry: DueEntry | null = null;

  constructor(worker: PodContext) {
    this.#worker = worker;
  }

  async isMounted(): Promise<boolean> {
    const { host, pod } = this.#worker;
    if ((pod.spec.volumes ?? []).length === 0) return true;
    const problem = await mountProblem(pod, host.objects, (name) => host.isAttached(name)).catch(
      (error: Error) => ({
        reason: "FailedMount",
        message: error.message,
      }),
    );
    if (problem === null) return true;
    this.#worker.report(null, "Warning", problem.reason, problem.message);
    const now = host.due.now();
    this.#backoff = nextBackoff(this.#backoff, now, now, MOUNT_BACKOFF);
    host.due.cancel(this.#entry);
    this.#entry = this.#worker.wakeAfter(this.#backoff.delayMs);
    return false;
  }

  cancel(): void {
    this.#worker.host.due.cancel(this.#entry);
  }
}
