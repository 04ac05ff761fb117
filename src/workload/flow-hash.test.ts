import assert from "node:assert/strict";
import test from "node:test";
import { Prng } from "../base/prng.js";
import { PacketColumns } from "../netfilter/packet-columns.js";
import { flowHash, shardColumns, shardIndices } from "./flow-hash.js";

const SEED = 11;

function randomColumns(count: number, family: "IPv4" | "IPv6"): PacketColumns {
  const prng = new Prng(SEED);
  const columns = new PacketColumns(family, count);
  const words = family === "IPv4" ? 1 : 4;
  for (let index = 0; index < count; index++) {
    for (let word = 0; word < words; word++) {
      columns.source[index * 4 + word] = prng.next32();
      columns.destination[index * 4 + word] = prng.next32();
    }
    columns.sourcePort[index] = prng.below(65_536);
    columns.destinationPort[index] = prng.below(65_536);
    columns.protocol[index] = 6;
    columns.timeMs[index] = index;
  }
  return columns;
}

/** Toeplitz bit by bit, with the key written out: source, destination, source port, destination port. */
function slowHash(columns: PacketColumns, index: number): number {
  const words = columns.family === "IPv4" ? 1 : 4;
  const bits = (value: number, width: number) => value.toString(2).padStart(width, "0");
  let input = "";
  for (const column of [columns.source, columns.destination]) {
    for (let word = 0; word < words; word++) input += bits(column[index * 4 + word] as number, 32);
  }
  input += bits(columns.sourcePort[index] as number, 16) + bits(columns.destinationPort[index] as number, 16);
  const key = "0110110101011010".repeat(24);
  let hash = 0;
  for (let bit = 0; bit < input.length; bit++) {
    if (input[bit] === "1") hash = (hash ^ Number.parseInt(key.slice(bit, bit + 32), 2)) >>> 0;
  }
  return hash;
}

function reversed(columns: PacketColumns): PacketColumns {
  const result = new PacketColumns(columns.family, columns.count);
  result.source.set(columns.destination);
  result.destination.set(columns.source);
  result.sourcePort.set(columns.destinationPort);
  result.destinationPort.set(columns.sourcePort);
  return result;
}

for (const family of ["IPv4", "IPv6"] as const) {
  test(`flowHash of ${family} is Toeplitz with the symmetric key, in both directions`, () => {
    const columns = randomColumns(500, family);
    const back = reversed(columns);
    for (let index = 0; index < columns.count; index++) {
      assert.equal(flowHash(columns, index), slowHash(columns, index), `seed ${SEED}, packet ${index}`);
      assert.equal(flowHash(back, index), flowHash(columns, index), `seed ${SEED}, packet ${index}`);
    }
  });
}

test("shardIndices gives every packet to one worker, in order, and keeps flows together", () => {
  const columns = randomColumns(10_000, "IPv4");
  for (const workers of [1, 2, 3, 8]) {
    const shards = shardIndices(columns, workers);
    assert.equal(shards.length, workers);
    const all = shards.flatMap((indices) => [...indices]);
    assert.equal(new Set(all).size, 10_000);
    for (const indices of shards) {
      assert.ok(indices.every((index, at) => at === 0 || index > (indices[at - 1] as number)));
      assert.ok(
        Math.abs(indices.length - 10_000 / workers) < 500,
        `${indices.length} of 10000 to one of ${workers}`,
      );
    }
    const owner = new Map(
      shards.flatMap((indices, worker) => [...indices].map((index) => [index, worker] as const)),
    );
    const backShards = shardIndices(reversed(columns), workers);
    for (const [worker, indices] of backShards.entries())
      assert.ok(indices.every((index) => owner.get(index) === worker));
  }
});

test("shardColumns copies whole packets", () => {
  const columns = randomColumns(100, "IPv6");
  const indices = shardIndices(columns, 3);
  for (const [worker, shard] of shardColumns(columns, 3).entries()) {
    for (const [at, index] of [...(indices[worker] as Uint32Array)].entries()) {
      assert.deepEqual(shard.at(at), columns.at(index));
      assert.equal(shard.timeMs[at], index);
    }
  }
});
