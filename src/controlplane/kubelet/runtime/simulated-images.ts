// The images of one hollow node: which are there, since when, how long a pull takes, and which there are not.
import type { Container, Pod } from "../pod/pod.js";
import { imageOf } from "./images.js";
import { containerPlan, type SimulationProfile } from "./profile.js";
import { type ImageService, type ImageStatus, RuntimeRefusal } from "./runtime-service.js";

/** An image as it lies on this node; times are monotonic. */
export interface NodeImage {
  readonly status: ImageStatus;
  readonly pulledAtMs: number;
  lastUsedAtMs: number;
}

export interface SimulatedImagesOptions {
  readonly profile: SimulationProfile;
  /** Resolves when a call of this length comes back. */
  readonly takes: (ms: number) => Promise<void>;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** There are more images than before. */
  readonly onGrowth: () => void;
}

/** Names that people choose for images that are not there. */
const MISSING_IMAGE =
  /(^|[-/:_.])(no-?such|non-?existent|not-?exist|does-?not-?exist|invalid|broken|bad-?image)/i;

export class SimulatedImages implements ImageService {
  readonly #options: SimulatedImagesOptions;
  readonly #images = new Map<string, NodeImage>();
  /** Under way: who asks for the same image waits for the same pull. */
  readonly #pulls = new Map<string, Promise<ImageStatus>>();
  #usedBytes = 0;

  constructor(options: SimulatedImagesOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#images.size;
  }

  /** By the name under which each was pulled. */
  entries(): Iterable<readonly [name: string, image: NodeImage]> {
    return this.#images;
  }

  imageStatus(image: string): ImageStatus | null {
    return this.#images.get(image)?.status ?? null;
  }

  pullImage(image: string, pod: Pod, container: Container): Promise<ImageStatus> {
    const refusal = containerPlan(pod, container, this.#options.profile).behaviour.failsPull;
    if (refusal !== null) return this.#refuse(refusal);
    const running = this.#pulls.get(image);
    if (running !== undefined) return running;
    const pull = this.#pull(image).finally(() => this.#pulls.delete(image));
    this.#pulls.set(image, pull);
    return pull;
  }

  removeImage(image: string): void {
    const known = this.#images.get(image);
    if (known === undefined) return;
    this.#images.delete(image);
    this.#usedBytes -= known.status.sizeBytes;
  }

  listImages(): readonly ImageStatus[] {
    return [...this.#images.values()].map((image) => image.status);
  }

  imageFsUsedBytes(): number {
    return this.#usedBytes;
  }

  /** A container is made of it. */
  used(image: string): void {
    const known = this.#images.get(image);
    if (known !== undefined) known.lastUsedAtMs = this.#options.nowMs();
  }

  async #refuse(why: string): Promise<never> {
    await this.#options.takes(this.#options.profile.pullMs);
    throw new RuntimeRefusal(why);
  }

  async #pull(image: string): Promise<ImageStatus> {
    const status = imageOf(image);
    if (status === null)
      throw new RuntimeRefusal(`failed to parse image name "${image}": invalid reference format`);
    if (MISSING_IMAGE.test(image))
      await this.#refuse(`failed to pull and unpack image "${status.image}": not found`);
    const { profile, takes, nowMs, onGrowth } = this.#options;
    await takes(profile.pullMs + (status.sizeBytes / profile.pullBytesPerSecond) * 1000);
    const now = nowMs();
    if (!this.#images.has(image)) this.#usedBytes += status.sizeBytes;
    this.#images.set(image, { status, pulledAtMs: now, lastUsedAtMs: now });
    onGrowth();
    return status;
  }
}
