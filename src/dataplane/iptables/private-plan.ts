// What rules keep per worker: nth counters (mode state) and recent lists (affinity store). Region PRIVATE tells the
// core how to prepare them; the head of the image tells the host how much to give.
import { IMAGE_HEAD_AFFINITY_BYTES, IMAGE_HEAD_STATE_BYTES } from "../../../asm/abi/image.js";
import { IPTABLES_REGION_PRIVATE } from "../../../asm/abi/iptables.js";
import { RECENT_CLIENTS_MAX } from "../../../asm/abi/affinity.js";
import { PlumbError } from "../../base/errors.js";
import type { Chain } from "../../netfilter/iptables/model.js";
import { affinityBytes, planAffinity } from "../affinity-plan.js";
import type { ImageWriter } from "../image-writer.js";

const HEAD_BYTES = 32;
/** Room for lists and counters of Services still to come: the regions of a running worker cannot grow. */
const SPARE = 1.25;
const LISTS_SPARE_MIN = 256;
/** Clients that lists still to come may remember between them. */
const CLIENTS_SPARE = 4096;
const COUNTERS_SPARE_MIN = 16;

export class PrivatePlan {
  readonly #writer: ImageWriter;
  readonly #lists = new Map<string, number>();
  readonly #stampsByList = new Map<string, number>();
  readonly #counters: number[] = [];
  #stampsMax = 1;
  #listCapacity = 0;
  #clientCapacity = 0;
  #counterCapacity = 0;
  /** Lists and clients per list beside those of recent matches. */
  #reserved = { lists: 0, clientsPerList: 0 };
  #reservedStateBytes = 0;
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
    const index = this.#lists.get(name) ?? this.#lists.size;
    this.#lists.set(name, index);
    return { index, stampsMax };
  }

  /**
   * Offset in the mode state of a new nth counter.
   * @throws {PlumbError} LimitExceeded when an update asks for more than the image had room for
   */
  nthCounter(first: number): number {
    if (this.#reservedStateBytes > 0 && this.#counters.length === this.#counterCapacity) {
      throw new PlumbError(
        "LimitExceeded",
        `Cannot add an nth match: ${this.#counterCapacity} counters are all the image has room for`,
        { hint: "encode the rules anew" },
      );
    }
    this.#counters.push(first);
    return (this.#counters.length - 1) * 4;
  }

  /** Bytes of mode state that the counters may take; what a mode adds of its own begins behind. */
  get stateBytes(): number {
    this.#counterCapacity = grown(this.#counterCapacity, this.#counters.length, COUNTERS_SPARE_MIN);
    return this.#counterCapacity * 4;
  }

  /** Take mode state behind the counters. @returns its offset in the mode state */
  reserveState(bytes: number): number {
    const at = this.stateBytes + this.#reservedStateBytes;
    this.#reservedStateBytes += Math.ceil(bytes / 16) * 16;
    return at;
  }

  /** Take affinity lists of a mode's own; once. @returns the first one's number */
  reserveLists(lists: number, clientsPerList: number): number {
    this.#growLists();
    this.#reserved = { lists, clientsPerList };
    return this.#listCapacity;
  }

  /** Also an image without lists has room for some: a Service with affinity may come. */
  #growLists(): void {
    const lists = this.#lists.size;
    if (this.#listCapacity > 0 && lists <= this.#listCapacity) return;
    this.#listCapacity = Math.ceil(lists * SPARE) + LISTS_SPARE_MIN;
    this.#clientCapacity = Math.ceil(lists * SPARE) * RECENT_CLIENTS_MAX + CLIENTS_SPARE;
  }

  /** Write region PRIVATE and the head's sizes, when something changed. */
  write(): void {
    this.#growLists();
    const stateBytes = this.stateBytes + this.#reservedStateBytes;
    const state = `${this.#listCapacity} ${this.#counters.length} ${this.#stampsMax} ${stateBytes} ${this.#reserved.lists}`;
    if (state === this.#written) return;
    this.#written = state;
    const writer = this.#writer;
    if (this.#bytes > 0) writer.release(writer.regionOffset(IPTABLES_REGION_PRIVATE), this.#bytes);
    this.#bytes = HEAD_BYTES + this.stateBytes;
    const at = writer.allocate(this.#bytes);
    writer.setRegion(IPTABLES_REGION_PRIVATE, at, this.#bytes);
    const { lists, clientsPerList } = this.#reserved;
    const plan = planAffinity({
      lists: this.#listCapacity + lists,
      entriesWanted: this.#clientCapacity + lists * clientsPerList,
      stampsMax: this.#stampsMax,
    });
    writer.words.set(
      [plan.lists, plan.entriesMax, plan.bucketMask, plan.stampsMax, this.#counters.length],
      at >>> 2,
    );
    writer.words.set(this.#counters, (at + HEAD_BYTES) >>> 2);
    writer.head(IMAGE_HEAD_STATE_BYTES, stateBytes);
    writer.head(IMAGE_HEAD_AFFINITY_BYTES, affinityBytes(plan));
  }
}

/** A capacity for `count` things with room to spare; it stays while they fit. */
function grown(capacity: number, count: number, spareMin: number): number {
  return count <= capacity ? capacity : Math.ceil(count * SPARE) + spareMin;
}
