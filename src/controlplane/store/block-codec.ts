// A block: the changes of one group commit, as the bytes of one value of the engine.
//
//   u32 CRC-32 of the rest | u8 format | change ...
//   change: u8 type | f64 modRevision, createRevision, version | u64 lease | u32 key bytes, value bytes | key | value
//
// Big-endian. One value per group, not per change: the engine's cost is per entry, and the group is then whole or absent.
// Cost: one copy of keys and values.
import { crc32 } from "node:zlib";
import { assert } from "../../base/assert.js";
import type { KeyValue, StoreEvent } from "./store.js";

const FORMAT = 1;
const TYPES = ["put", "delete"] as const satisfies readonly StoreEvent["type"][];
const BLOCK_HEADER_BYTES = 5;
const CHANGE_HEADER_BYTES = 1 + 3 * 8 + 8 + 2 * 4;

export interface StoredChange {
  readonly type: StoreEvent["type"];
  readonly kv: KeyValue;
}

export function encodeBlock(changes: readonly StoredChange[]): Buffer {
  let bytes = BLOCK_HEADER_BYTES;
  for (const { kv } of changes) bytes += CHANGE_HEADER_BYTES + kv.key.length + kv.value.length;
  const block = Buffer.allocUnsafe(bytes);
  let at = block.writeUInt8(FORMAT, 4);
  for (const { type, kv } of changes) {
    at = block.writeUInt8(TYPES.indexOf(type), at);
    at = block.writeDoubleBE(kv.modRevision, at);
    at = block.writeDoubleBE(kv.createRevision, at);
    at = block.writeDoubleBE(kv.version, at);
    at = block.writeBigUInt64BE(BigInt(kv.lease), at);
    at = block.writeUInt32BE(kv.key.length, at);
    at = block.writeUInt32BE(kv.value.length, at);
    at += block.write(kv.key, at, "latin1");
    block.set(kv.value, at);
    at += kv.value.length;
  }
  assert(at === bytes, `block of ${bytes} bytes was filled to ${at}`);
  block.writeUInt32BE(crc32(block.subarray(4)), 0);
  return block;
}

/** Null: these bytes are no block, or a damaged one. Values are copies. */
export function decodeBlock(block: Buffer): StoredChange[] | null {
  if (block.length < BLOCK_HEADER_BYTES || block.readUInt32BE(0) !== crc32(block.subarray(4))) return null;
  if (block.readUInt8(4) !== FORMAT) return null;
  const changes: StoredChange[] = [];
  for (let at = BLOCK_HEADER_BYTES; at < block.length; ) {
    const keyStart = at + CHANGE_HEADER_BYTES;
    const valueStart = keyStart + block.readUInt32BE(at + 33);
    const end = valueStart + block.readUInt32BE(at + 37);
    const type = TYPES[block.readUInt8(at)];
    if (type === undefined || end > block.length) return null;
    const kv = {
      key: block.toString("latin1", keyStart, valueStart),
      value: new Uint8Array(block.subarray(valueStart, end)),
      modRevision: block.readDoubleBE(at + 1),
      createRevision: block.readDoubleBE(at + 9),
      version: block.readDoubleBE(at + 17),
      lease: String(block.readBigUInt64BE(at + 25)),
    };
    changes.push({ type, kv });
    at = end;
  }
  return changes;
}
