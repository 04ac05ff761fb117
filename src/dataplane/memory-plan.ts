// Where things lie in the shared memory: nothing in the first 64 KiB, the table image, then one arena per worker.
//
//   0        64 KiB                       image end        +arena bytes
//   +--------+---------------------------+----------------+----------------+---
//   | unused | table image, read-only    | arena 0        | arena 1        | ...
//   +--------+---------------------------+----------------+----------------+---
//
//   arena    context | scratch | conntrack | affinity | ipvs connections | mode state | packets | results
//
// The host owns the layout; the core gets pointers (asm/abi/context.ts) and allocates nothing.
import {
  IMAGE_BASE,
  IMAGE_HEAD_AFFINITY_BYTES,
  IMAGE_HEAD_IPVS_CONNECTION_BYTES,
  IMAGE_HEAD_STATE_BYTES,
} from "../../asm/abi/image.js";
import { CONTEXT_BYTES, SCRATCH_BYTES } from "../../asm/abi/context.js";
import {
  CONNTRACK_ENTRY_BYTES_V4,
  CONNTRACK_ENTRY_BYTES_V6,
  CONNTRACK_HEADER_BYTES,
  CONNTRACK_SLOT_BYTES,
  CONNTRACK_SLOTS_PER_ENTRY,
} from "../../asm/abi/conntrack.js";
import { PACKET_STRIDE, RESULT_STRIDE } from "../../asm/abi/packet.js";
import { assert } from "../base/assert.js";
import { PlumbError } from "../base/errors.js";
import type { Family } from "../base/ip.js";
import type { TableImage } from "./table-image.js";

export const PAGE_BYTES = 65_536;
/** All a 32-bit memory can have; the cores are built with the same maximum (tools/build-asm.mjs). */
export const PAGES_MAX = 65_536;
/** The kernel's own default on a large node is 262,144. */
const CONNTRACK_ENTRIES_LIMIT = 1 << 22;
const CACHE_LINE = 64;

export interface ArenaSizes {
  /** Flows that conntrack may hold. */
  readonly conntrackMax: number;
  /** Packets that can be loaded at once. */
  readonly packetsMax: number;
}

/** Absolute addresses of one worker's private memory; 0 for a region that the image does not ask for. */
export interface ArenaLayout {
  readonly context: number;
  readonly scratch: number;
  readonly conntrack: number;
  readonly affinity: number;
  readonly ipvsConnections: number;
  readonly modeState: number;
  readonly packets: number;
  readonly results: number;
  readonly conntrackMax: number;
  readonly packetsMax: number;
}

export interface MemoryPlan {
  readonly imageBase: number;
  /** Bytes set aside for the image: it may grow that far in place. */
  readonly imageCapacity: number;
  readonly arenas: readonly ArenaLayout[];
  readonly pages: number;
}

/** Share of the image's bytes kept free behind it, for updates. */
const IMAGE_SPARE = 0.25;
const IMAGE_SPARE_MIN = 256 * 1024;

/** @throws {PlumbError} LimitExceeded when the arenas do not fit a 32-bit memory */
export function planMemory(image: TableImage, sizes: readonly ArenaSizes[]): MemoryPlan {
  const spare = Math.max(IMAGE_SPARE_MIN, Math.ceil(image.bytes.length * IMAGE_SPARE));
  const imageCapacity = align(image.bytes.length + spare, PAGE_BYTES);
  let end = IMAGE_BASE + imageCapacity;
  const arenas: ArenaLayout[] = [];
  for (const size of sizes) {
    const { layout, next } = planArena(image, size, end);
    arenas.push(layout);
    end = next;
  }
  const pages = Math.ceil(end / PAGE_BYTES);
  if (pages > PAGES_MAX) {
    throw new PlumbError(
      "LimitExceeded",
      `Cannot lay out ${image.mode} tables and ${sizes.length} arenas: ${end} bytes, limit ${PAGES_MAX * PAGE_BYTES}`,
      { hint: "load fewer packets at once, or lower the conntrack limit" },
    );
  }
  return { imageBase: IMAGE_BASE, imageCapacity, arenas, pages };
}

function planArena(
  image: TableImage,
  sizes: ArenaSizes,
  start: number,
): { layout: ArenaLayout; next: number } {
  const { conntrackMax, packetsMax } = sizes;
  assert(
    conntrackMax >= 1 && conntrackMax <= CONNTRACK_ENTRIES_LIMIT,
    `conntrack limit ${conntrackMax} out of range`,
  );
  assert(packetsMax >= 1, `${packetsMax} packets at once`);
  const head = new DataView(image.bytes.buffer, image.bytes.byteOffset, image.bytes.byteLength);
  let at = align(start, CACHE_LINE);
  const place = (bytes: number): number => {
    if (bytes === 0) return 0;
    const here = at;
    at = align(at + bytes, CACHE_LINE);
    return here;
  };
  const layout: ArenaLayout = {
    context: place(CONTEXT_BYTES),
    scratch: place(SCRATCH_BYTES),
    conntrack: place(conntrackBytes(conntrackMax, image.family)),
    affinity: place(head.getUint32(IMAGE_HEAD_AFFINITY_BYTES, true)),
    ipvsConnections: place(head.getUint32(IMAGE_HEAD_IPVS_CONNECTION_BYTES, true)),
    modeState: place(head.getUint32(IMAGE_HEAD_STATE_BYTES, true)),
    packets: place(packetsMax * PACKET_STRIDE),
    results: place(packetsMax * RESULT_STRIDE),
    conntrackMax,
    packetsMax,
  };
  return { layout, next: at };
}

/** Slots of a conntrack table: a power of two, at least four per entry. */
export function conntrackSlots(conntrackMax: number): number {
  let slots = 8;
  while (slots < conntrackMax * CONNTRACK_SLOTS_PER_ENTRY) slots *= 2;
  return slots;
}

function conntrackBytes(conntrackMax: number, family: Family): number {
  const entry = family === "IPv6" ? CONNTRACK_ENTRY_BYTES_V6 : CONNTRACK_ENTRY_BYTES_V4;
  return (
    align(CONNTRACK_HEADER_BYTES + conntrackSlots(conntrackMax) * CONNTRACK_SLOT_BYTES, CACHE_LINE) +
    conntrackMax * entry
  );
}

function align(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
