// What rules keep per worker: nth counters (mode state) and recent lists (affinity store). Region PRIVATE tells the
// core how to prepare them; the head of the image tells the host how much to give.
import { IMAGE_HEAD_AFFINITY_BYTES, IMAGE_HEAD_STATE_BYTES } from "../../../asm/abi/image.js";
import { IPTABLES_REGION_PRIVATE } from "../../../asm/abi/iptables.js";
import { RECENT_CLIENTS_MAX, RECENT_STAMPS_MAX } from "../../../asm/abi/affinity.js";
import { affinityBytes, planAffinity } from "../affinity-plan.js";
import type { ImageWriter } from "../image-writer.js";

const HEAD_BYTES = 32;

export class PrivatePlan {
  readonly #writer: ImageWriter;
  readonly #lists = new Map<string, number>();
  readonly #counters: number[] = [];
  #stampsMax = 1;
  #bytes = 0;
  #written = "";

  constructor(writer: ImageWriter) {
    this.#writer = writer;
  }

  /** Number of the recent list of this name. */
  recentList(name: string, stamps: number): number {
    this.#stampsMax = Math.max(this.#stampsMax, Math.min(stamps, RECENT_STAMPS_MAX));
    const known = this.#lists.get(name);
    if (known !== undefined) return known;
    this.#lists.set(name, this.#lists.size);
    return this.#lists.size - 1;
  }

  /** Offset in the mode state of a new nth counter. */
  nthCounter(first: number): number {
    this.#counters.push(first);
    return (this.#counters.length - 1) * 4;
  }

  /** Bytes of mode state that the counters take. */
  get stateBytes(): number {
    return this.#counters.length * 4;
  }

  /** Write region PRIVATE and the head's sizes, when something changed. */
  write(): void {
    const state = `${this.#lists.size} ${this.#counters.length} ${this.#stampsMax}`;
    if (state === this.#written) return;
    this.#written = state;
    const writer = this.#writer;
    if (this.#bytes > 0) writer.release(writer.regionOffset(IPTABLES_REGION_PRIVATE), this.#bytes);
    this.#bytes = HEAD_BYTES + this.stateBytes;
    const at = writer.allocate(this.#bytes);
    writer.setRegion(IPTABLES_REGION_PRIVATE, at, this.#bytes);
    const plan = planAffinity({
      lists: this.#lists.size,
      clientsPerList: RECENT_CLIENTS_MAX,
      stampsMax: this.#stampsMax,
    });
    writer.words.set(
      [plan.lists, plan.entriesMax, plan.bucketMask, plan.stampsMax, this.#counters.length],
      at >>> 2,
    );
    writer.words.set(this.#counters, (at + HEAD_BYTES) >>> 2);
    writer.head(IMAGE_HEAD_STATE_BYTES, this.stateBytes);
    writer.head(IMAGE_HEAD_AFFINITY_BYTES, affinityBytes(plan));
  }
}
