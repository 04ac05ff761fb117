// Runs packets through a table image: one WASM instance over one arena of the shared memory.
// The boundary is crossed once per batch; counters and results are read from memory afterwards.
import {
  CONNTRACK_ENTRIES_AT,
  CONNTRACK_ENTRIES_MAX,
  CONNTRACK_ENTRY_BYTES_V4,
  CONNTRACK_ENTRY_BYTES_V6,
  CONNTRACK_FAMILY,
  CONNTRACK_FRESH,
  CONNTRACK_SLOT_MASK,
  CONNTRACK_STATE_AT_V4,
  CONNTRACK_STATE_AT_V6,
  CONNTRACK_STATE_DEADLINE,
} from "../../asm/abi/conntrack.js";
import * as context from "../../asm/abi/context.js";
import {
  IMAGE_BODY,
  IMAGE_HEAD_AFFINITY_BYTES,
  IMAGE_HEAD_IPVS_CONNECTION_BYTES,
  IMAGE_HEAD_STATE_BYTES,
} from "../../asm/abi/image.js";
import { PACKET_STRIDE, RESULT_STRIDE } from "../../asm/abi/packet.js";
import { assert } from "../base/assert.js";
import { PlumbError } from "../base/errors.js";
import type { Family } from "../base/ip.js";
import { COUNTER_NAMES, type Counts, zeroCounts } from "../netfilter/counters.js";
import { DROP_REASONS, type DropReason } from "../netfilter/packet.js";
import type { PacketColumns } from "../netfilter/packet-columns.js";
import type { Mode } from "../netfilter/rule-model.js";
import {
  type ArenaLayout,
  type ArenaSizes,
  conntrackSlots,
  type MemoryPlan,
  PAGES_MAX,
  planMemory,
} from "./memory-plan.js";
import { type CoreExports, instantiateCore, loadModule } from "./modules.js";
import { writePackets } from "./packet-records.js";
import { ResultView } from "./result-view.js";
import type { TableImage } from "./table-image.js";
import { createMemory, type WasmMemory, type WasmModule } from "../base/web-assembly.js";

const NEVER_MS = 0xffffffff;

export interface EvaluatorOptions extends ArenaSizes {
  /** Start of the random stream, as base/prng takes it. */
  readonly seed: number;
}

/** What a worker needs to evaluate an image that lies in the shared memory already. */
export interface ArenaSite {
  readonly mode: Mode;
  readonly family: Family;
  readonly interfaces: readonly string[];
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  readonly imageBase: number;
  readonly arena: ArenaLayout;
}

/** A memory with an image in it, and the sites of its arenas. */
export interface SharedImage {
  readonly plan: MemoryPlan;
  readonly memory: WasmMemory;
  readonly sites: readonly ArenaSite[];
}

/** Lay an image and empty arenas out in a new shared memory. @throws {PlumbError} LimitExceeded, NotFound */
export function shareImage(image: TableImage, sizes: readonly ArenaSizes[]): SharedImage {
  const plan = planMemory(image, sizes);
  const memory = createMemory({ pages: plan.pages, pagesMax: PAGES_MAX });
  new Uint8Array(memory.buffer).set(image.bytes, plan.imageBase);
  const { mode, family, interfaces } = image;
  const module = loadModule(mode);
  const sites = plan.arenas.map((arena) => ({
    mode,
    family,
    interfaces,
    module,
    memory,
    imageBase: plan.imageBase,
    arena,
  }));
  return { plan, memory, sites };
}

/** An evaluator with a memory of its own. @throws {PlumbError} LimitExceeded, NotFound */
export function createEvaluator(image: TableImage, options: EvaluatorOptions): Evaluator {
  const { plan, sites } = shareImage(image, [options]);
  return new Evaluator(sites[0] as ArenaSite, { seed: options.seed, imageCapacity: plan.imageCapacity });
}

export class Evaluator {
  readonly #site: ArenaSite;
  readonly #core: CoreExports;
  readonly #seed: number;
  readonly #imageCapacity: number;
  /** Bytes of private regions that the arena was laid out for. */
  readonly #privateBytes: readonly number[];
  #interfaces: readonly string[];
  #loaded = 0;

  /** @param options.imageCapacity bytes the image may grow to in place; 0 when it is not ours to change */
  constructor(site: ArenaSite, options: { seed: number; imageCapacity: number }) {
    this.#site = site;
    this.#core = instantiateCore(site.module, site.memory);
    this.#seed = options.seed;
    this.#imageCapacity = options.imageCapacity;
    this.#interfaces = site.interfaces;
    this.#privateBytes = privateBytes(new Uint8Array(site.memory.buffer, site.imageBase, IMAGE_BODY));
    this.#writeContext();
    this.reset();
  }

  get mode(): Mode {
    return this.#site.mode;
  }

  /** Packets now loaded. */
  get loaded(): number {
    return this.#loaded;
  }

  /** Copy packets in; the results of earlier ones become invalid. @throws {PlumbError} LimitExceeded */
  load(columns: PacketColumns, range = { first: 0, count: columns.count }): void {
    const { arena, family, memory } = this.#site;
    assert(columns.family === family, `${columns.family} packets for an ${family} image`);
    if (range.count > arena.packetsMax) {
      throw new PlumbError(
        "LimitExceeded",
        `Cannot load ${range.count} packets: limit packetsMax=${arena.packetsMax}`,
      );
    }
    writePackets({ buffer: memory.buffer, offset: arena.packets }, columns, range, this.#interfaces);
    this.#loaded = range.count;
  }

  /** Evaluate loaded packets [first, first + count), in order. Conntrack and counters carry over between calls. */
  evaluate(first = 0, count = this.#loaded - first): void {
    assert(
      first >= 0 && count >= 0 && first + count <= this.#loaded,
      `packets ${first}+${count} of ${this.#loaded}`,
    );
    const { context: at, packets, results } = this.#site.arena;
    this.#core.evaluate(at, packets + first * PACKET_STRIDE, results + first * RESULT_STRIDE, count);
  }

  /** Results of the loaded packets, by their position. */
  get results(): ResultView {
    const { arena, memory, family } = this.#site;
    return new ResultView(memory.buffer, arena.results, this.#loaded, family);
  }

  /** Everything counted since the last reset. */
  counters(): Counts {
    const counters = new BigUint64Array(
      this.#site.memory.buffer,
      this.#site.arena.context + context.CONTEXT_COUNTERS,
      context.COUNTER_COUNT,
    );
    const counts = zeroCounts();
    for (const [index, name] of COUNTER_NAMES.entries()) counts[name] = Number(counters[index]);
    return counts;
  }

  /** Packets not sent on, by reason. */
  drops(): Record<DropReason, number> {
    const drops = new BigUint64Array(
      this.#site.memory.buffer,
      this.#site.arena.context + context.CONTEXT_DROPS,
      context.DROP_REASON_COUNT,
    );
    const entries = DROP_REASONS.map((reason, index) => [reason, Number(drops[index])]);
    return Object.fromEntries(entries) as Record<DropReason, number>;
  }

  /** Flows in the conntrack table that have not expired by `nowMs`. Cost: O(flows ever held at once). */
  liveFlows(nowMs: number): number {
    const { arena, family } = this.#site;
    const words = this.#words();
    const table = arena.conntrack >>> 2;
    const fresh = words[table + CONNTRACK_FRESH / 4] as number;
    const stride = (family === "IPv6" ? CONNTRACK_ENTRY_BYTES_V6 : CONNTRACK_ENTRY_BYTES_V4) / 4;
    const entries = table + (words[table + CONNTRACK_ENTRIES_AT / 4] as number) / 4;
    const deadline =
      (family === "IPv6" ? CONNTRACK_STATE_AT_V6 : CONNTRACK_STATE_AT_V4) / 4 + CONNTRACK_STATE_DEADLINE / 4;
    let live = 0;
    for (let index = 0; index < fresh; index++) {
      const expires = words[entries + index * stride + deadline] as number;
      // A free entry carries the deadline "never".
      if (expires > nowMs && expires !== NEVER_MS) live++;
    }
    return live;
  }

  /** Forget flows, affinity, counters; start the random stream anew. Loaded packets stay. */
  reset(): void {
    this.#words()[(this.#site.arena.context + context.CONTEXT_RANDOM) >>> 2] = this.#seed;
    this.#core.init(this.#site.arena.context);
  }

  /** Zero the counters only: flows stay. */
  resetCounters(): void {
    const { context: at } = this.#site.arena;
    new Uint8Array(this.#site.memory.buffer).fill(
      0,
      at + context.CONTEXT_COUNTERS,
      at + context.CONTEXT_DROPS + context.DROP_REASON_COUNT * context.COUNTER_BYTES,
    );
  }

  /**
   * Put a changed image in place of the present one; flows and counters stay.
   * @throws {PlumbError} LimitExceeded when it, or what it keeps per worker, has outgrown the room it was given
   */
  replaceImage(image: TableImage): void {
    const wanted = privateBytes(image.bytes);
    if (wanted.some((bytes, index) => bytes > (this.#privateBytes[index] as number))) {
      throw new PlumbError(
        "LimitExceeded",
        `Cannot replace the image: it needs private regions of ${wanted.join(", ")} bytes, limit ${this.#privateBytes.join(", ")}`,
        { hint: "create a new evaluator" },
      );
    }
    if (image.bytes.length > this.#imageCapacity) {
      throw new PlumbError(
        "LimitExceeded",
        `Cannot replace the image: ${image.bytes.length} bytes, limit imageCapacity=${this.#imageCapacity}`,
        { hint: "create a new evaluator" },
      );
    }
    new Uint8Array(this.#site.memory.buffer).set(image.bytes, this.#site.imageBase);
    this.#interfaces = image.interfaces;
  }

  #writeContext(): void {
    const { arena, imageBase, family } = this.#site;
    const words = this.#words();
    const at = arena.context >>> 2;
    words[at + context.CONTEXT_IMAGE / 4] = imageBase;
    words[at + context.CONTEXT_CONNTRACK / 4] = arena.conntrack;
    words[at + context.CONTEXT_AFFINITY / 4] = arena.affinity;
    words[at + context.CONTEXT_IPVS_CONNECTIONS / 4] = arena.ipvsConnections;
    words[at + context.CONTEXT_MODE_STATE / 4] = arena.modeState;
    words[at + context.CONTEXT_SCRATCH / 4] = arena.scratch;
    const conntrack = arena.conntrack >>> 2;
    words[conntrack + CONNTRACK_ENTRIES_MAX / 4] = arena.conntrackMax;
    words[conntrack + CONNTRACK_SLOT_MASK / 4] = conntrackSlots(arena.conntrackMax) - 1;
    words[conntrack + CONNTRACK_FAMILY / 4] = family === "IPv6" ? 6 : 4;
  }

  #words(): Uint32Array {
    return new Uint32Array(this.#site.memory.buffer);
  }
}

/** What an image says each worker must be given: state, affinity, IPVS connections. */
function privateBytes(image: Uint8Array): readonly number[] {
  const head = new DataView(image.buffer, image.byteOffset, IMAGE_BODY);
  const offsets = [IMAGE_HEAD_STATE_BYTES, IMAGE_HEAD_AFFINITY_BYTES, IMAGE_HEAD_IPVS_CONNECTION_BYTES];
  return offsets.map((offset) => head.getUint32(offset, true));
}
