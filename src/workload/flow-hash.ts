// Which worker gets a packet, as a network card's receive-side scaling decides it.
// Toeplitz with the key 0x6d5a repeated: its window over the input repeats every 16 bits, so the hash depends only on
// the XOR of all 16-bit words of addresses and ports. Both directions of a connection therefore hash alike, and a
// lookup in two 256-entry tables replaces the bit loop. (After DNAT a reply has another tuple and may hash elsewhere.)
// Cost: O(1) per packet. Source: Woo & Park, "Scalable TCP Session Monitoring with Symmetric RSS", 2012.
import { assert } from "../base/assert.js";
import { PacketColumns } from "../netfilter/packet-columns.js";

const KEY_WORD = 0x6d5a;
/** Entries of the card's indirection table: the hash's low 7 bits choose one, and entries go to queues in turn. */
const INDIRECTION_ENTRIES = 128;

/** The window of the repeated key that starts at bit 0..15. */
function keyWindow(bit: number): number {
  const key = KEY_WORD * 0x10001;
  return ((key << bit) | (bit === 0 ? 0 : key >>> (32 - bit))) >>> 0;
}

/** Hash of one byte that lies at bit offset 0 or 8 of its 16-bit word. */
function byteTable(offset: 0 | 8): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let hash = 0;
    for (let bit = 0; bit < 8; bit++) if (byte & (0x80 >>> bit)) hash ^= keyWindow(offset + bit);
    return hash;
  });
}

const HIGH = byteTable(0);
const LOW = byteTable(8);

/** 32-bit hash of packet `index`, the same for both directions of a connection. */
export function flowHash(columns: PacketColumns, index: number): number {
  let words = 0;
  for (let word = index * 4; word < index * 4 + 4; word++) {
    words ^= (columns.source[word] as number) ^ (columns.destination[word] as number);
  }
  const folded =
    (words >>> 16) ^
    (words & 0xffff) ^
    (columns.sourcePort[index] as number) ^
    (columns.destinationPort[index] as number);
  return ((HIGH[folded >>> 8] as number) ^ (LOW[folded & 255] as number)) >>> 0;
}

/** Per worker the indices of its packets, in order. Every packet of a flow goes to one worker. */
export function shardIndices(columns: PacketColumns, workers: number): Uint32Array[] {
  assert(workers >= 1, `${workers} workers`);
  const workerOf = new Uint16Array(columns.count);
  const counts = new Uint32Array(workers);
  for (let index = 0; index < columns.count; index++) {
    const worker = (flowHash(columns, index) % INDIRECTION_ENTRIES) % workers;
    workerOf[index] = worker;
    (counts[worker] as number)++;
  }
  const shards = Array.from(counts, (count) => new Uint32Array(count));
  const filled = new Uint32Array(workers);
  for (let index = 0; index < columns.count; index++) {
    const worker = workerOf[index] as number;
    (shards[worker] as Uint32Array)[(filled[worker] as number)++] = index;
  }
  return shards;
}

/** The packets at `indices`, in that order. */
export function selectPackets(columns: PacketColumns, indices: Uint32Array): PacketColumns {
  const result = new PacketColumns(columns.family, indices.length, columns.interfaces);
  for (let to = 0; to < indices.length; to++) {
    const from = indices[to] as number;
    result.source.set(columns.source.subarray(from * 4, from * 4 + 4), to * 4);
    result.destination.set(columns.destination.subarray(from * 4, from * 4 + 4), to * 4);
    result.sourcePort[to] = columns.sourcePort[from] as number;
    result.destinationPort[to] = columns.destinationPort[from] as number;
    result.protocol[to] = columns.protocol[from] as number;
    result.tcpFlags[to] = columns.tcpFlags[from] as number;
    result.fromNode[to] = columns.fromNode[from] as number;
    result.inInterface[to] = columns.inInterface[from] as number;
    result.payloadBytes[to] = columns.payloadBytes[from] as number;
    result.timeMs[to] = columns.timeMs[from] as number;
  }
  return result;
}

/** One column set per worker, as shardIndices assigns them. */
export function shardColumns(columns: PacketColumns, workers: number): PacketColumns[] {
  return shardIndices(columns, workers).map((indices) => selectPackets(columns, indices));
}
