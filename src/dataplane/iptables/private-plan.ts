// What rules keep per worker: nth counters (mode state) and recent lists (affinity store). Region PRIVATE tells the
// core how to prepare them; the head of the image tells the host how much to give.
import { IMAGE_HEAD_AFFINITY_BYTES, IMAGE_HEAD_STATE_BYTES } from "../../../asm/abi/image.js";
import { IPTABLES_REGION_PRIVATE } from "../../../asm/abi/iptables.js";
import { RECENT_CLIENTS_MAX } from "../../../asm/abi/affinity.js";
import type { Chain } from "../../netfilter/iptables/model.js";
import { affinityBytes, planAffinity } from "../affinity-plan.js";
import type { ImageWriter } from "../image-writer.js";

const HEAD_BYTES = 32;
const LISTS_SPARE = 1.25;
const LISTS_SPARE_MIN = 64;

export class PrivatePlan {
  readonly #writer: ImageWriter;
  readonly #lists = new Map<string, number>();
  readonly #stampsByList = new Map<string, number>();
  readonly #counters: number[] = [];
  #stampsMax = 1;
  #bytes = 0;
  #written = "";

  constructor(writer: ImageWriter) {
    this.#writer = writer;
  }

  /** Learn from a chain how many stamps its lists must keep; before any of its rules is written. */
  survey(chain: Chain): void {
    for (const rule of chain.rules) {
      for (const match of rule.matches) {
        if (match.kind !== "recent" || match.hitcount === null) continue;
        // The kernel keeps a power of two of them.
        const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, match.hitcount)));
        this.#stampsByList.set(match.name, Math.max(wanted, this.#stampsByList.get(match.name) ?? 1));
      }
    }
  }

  /** Number of the recent list of this name, and the arrival times it keeps per client. */
  recentList(name: string): { index: number; stampsMax: number } {
    const stampsMax = this.#stampsByList.get(name) ?? 1;
    this.#stampsMax = Math.max(this.#stampsMax, stampsMax);
    let index = this.#lists.get(name);
    if (index === undefined) {
      index = this.#lists.size;
      this.#lists.set(name, index);
    }
    return { index, stampsMax };
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
    const lists = this.#lists.size;
    const plan = planAffinity({
      // Room for lists of Services still to come: the store of a running worker cannot grow.
      lists: lists === 0 ? 0 : Math.ceil(lists * LISTS_SPARE) + LISTS_SPARE_MIN,
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
