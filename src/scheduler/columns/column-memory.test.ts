import assert from "node:assert/strict";
import { test } from "node:test";
import { ColumnMemory } from "./column-memory.js";
import { Scratch } from "./scratch.js";

test("ColumnMemory.allocate gives blocks that are zeroed, 64-aligned, apart, and never at 0", () => {
  const memory = new ColumnMemory();
  const blocks = [1, 64, 65, 200].map((bytes) => ({ at: memory.allocate(bytes), bytes }));
  for (const [index, { at, bytes }] of blocks.entries()) {
    assert.equal(at % 64, 0);
    assert.ok(at >= 65_536);
    assert.ok(memory.u8.subarray(at, at + bytes).every((byte) => byte === 0));
    const next = blocks[index + 1];
    assert.ok(next === undefined || at + bytes <= next.at);
  }
});

test("ColumnMemory.allocate uses a block again, zeroed, when one of its size was released", () => {
  const memory = new ColumnMemory();
  const at = memory.allocate(100);
  memory.u8.fill(7, at, at + 100);
  memory.release(at, 100);
  assert.notEqual(memory.allocate(300), at);
  const bytes = memory.bytes;
  assert.equal(memory.allocate(128), at);
  assert.equal(memory.bytes, bytes);
  assert.ok(memory.u8.subarray(at, at + 128).every((byte) => byte === 0));
});

test("ColumnMemory keeps what was written, when it grows, and shows it in new views", () => {
  const memory = new ColumnMemory();
  const before = memory.u32;
  const at = memory.allocate(4);
  memory.u32[at / 4] = 42;
  const large = memory.allocate(8 * 2 ** 20);
  assert.notEqual(memory.u32, before);
  assert.equal(memory.u32[at / 4], 42);
  memory.kernels.fillMask(large, 8, 0xff);
  assert.equal(memory.u8[large + 7], 0xff);
});

test("ColumnMemory.release stops, when the block is not of this memory", () => {
  assert.throws(() => new ColumnMemory().release(64, 4), /not of this memory/);
});

test("Scratch gives room until reset, and the same room again after it", () => {
  const memory = new ColumnMemory();
  const scratch = new Scratch(memory);
  const [a, b] = [scratch.take(10), scratch.take(300_000)];
  assert.ok(scratch.take(10) === a + 16 && b !== a);
  memory.u8[a] = 9;
  const { bytes } = memory;
  scratch.reset();
  assert.equal(scratch.takeZeroed(10), a);
  assert.equal(memory.u8[a], 0);
  assert.equal(scratch.take(300_000), b);
  assert.equal(memory.bytes, bytes);
});
