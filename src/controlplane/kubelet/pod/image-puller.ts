// Sees to it that a container's image is on the node: present, pulled, or waited for with growing pauses after a failure.
// Source: kubernetes pkg/kubelet/images/image_manager.go (EnsureImageExists).
import { imageName } from "../runtime/profile.js";
import { type ImageStatus, RuntimeRefusal } from "../runtime/runtime-service.js";
import { type Backoff, backoffLeftMs, millisecondsText, nextBackoff, RESTART_BACKOFF } from "./backoff.js";
import type { Container } from "./pod.js";
import type { PodContext } from "./pod-context.js";
import { StartProblem } from "./start-problem.js";

interface PullFailure extends Backoff {
  readonly atMs: number;
  readonly message: string;
}

export class ImagePuller {
  readonly #worker: PodContext;
  /** By image; made when a pull fails: most Pods have none. */
  #pulls: Map<string, PullFailure> | null = null;

  constructor(worker: PodContext) {
    this.#worker = worker;
  }

  /** By the container's pull policy. @throws {StartProblem} when it is not there, or not yet */
  async ensureImage(container: Container): Promise<ImageStatus> {
    const { host } = this.#worker;
    const image = container.image ?? "";
    const policy = container.imagePullPolicy ?? (isLatest(image) ? "Always" : "IfNotPresent");
    const present = host.runtime.images.imageStatus(image);
    if (present !== null && policy !== "Always") {
      this.#worker.report(
        container,
        "Normal",
        "Pulled",
        `Container image "${image}" already present on machine`,
      );
      return present;
    }
    if (policy === "Never") {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      this.#worker.report(container, "Warning", "ErrImageNeverPull", message);
      this.#worker.report(container, "Warning", "Failed", "Error: ErrImageNeverPull");
      throw new StartProblem("ErrImageNeverPull", message, RESTART_BACKOFF.firstMs);
    }
    return await this.#pull(container, image);
  }

  async #pull(container: Container, image: string): Promise<ImageStatus> {
    const { host, pod } = this.#worker;
    const before = this.#pulls?.get(image) ?? null;
    const leftMs = before === null ? 0 : backoffLeftMs(before, before.atMs, host.wallMs(), RESTART_BACKOFF);
    if (leftMs > 0 && before !== null) {
      const message = `Back-off pulling image "${image}"`;
      this.#worker.report(container, "Normal", "BackOff", message);
      this.#worker.report(container, "Warning", "Failed", "Error: ImagePullBackOff");
      throw new StartProblem("ImagePullBackOff", `${message}: ErrImagePull: ${before.message}`, leftMs);
    }
    this.#worker.report(container, "Normal", "Pulling", `Pulling image "${image}"`);
    const startedAt = host.due.now();
    try {
      const status = await host.runtime.images.pullImage(image, pod, container);
      const took = millisecondsText(host.due.now() - startedAt);
      const message = `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${status.sizeBytes} bytes.`;
      this.#worker.report(container, "Normal", "Pulled", message);
      this.#pulls?.delete(image);
      return status;
    } catch (error) {
      if (!(error instanceof RuntimeRefusal)) throw error;
      throw this.#pullFailed(container, image, before, error.message);
    }
  }

  #pullFailed(container: Container, image: string, before: PullFailure | null, why: string): StartProblem {
    const now = this.#worker.host.wallMs();
    const isInvalid = why.includes("invalid reference format");
    const reason = isInvalid ? "InvalidImageName" : "ErrImagePull";
    this.#worker.report(container, "Warning", "Failed", `Failed to pull image "${image}": ${why}`);
    this.#worker.report(container, "Warning", "Failed", `Error: ${reason}`);
    this.#pulls ??= new Map();
    this.#pulls.set(image, { ...nextBackoff(before, now, now, RESTART_BACKOFF), atMs: now, message: why });
    // Looked at again soon, to say that it waits.
    return new StartProblem(reason, why, isInvalid ? RESTART_BACKOFF.longestMs : 1000);
  }
}

function isLatest(image: string): boolean {
  if (image.includes("@")) return false;
  return image.endsWith(":latest") || imageName(image) === image;
}
