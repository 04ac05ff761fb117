import assert from "node:assert/strict";
import test from "node:test";
import { type DemandClass, fragmentation } from "./fragmentation.js";

/** Free cpu and GPU of three nodes: room for all, GPUs behind too little cpu, a remainder of a GPU. */
const FREE = [Float64Array.of(8, 0.5, 8), Float64Array.of(2000, 1000, 400)];
const GPU = 1;

function demand(weight: number, requests: number[], admitted: number[] | null = null): DemandClass {
  return { weight, requests, admitted: admitted === null ? null : Uint8Array.from(admitted) };
}

test("fragmentation is the share of free GPU that the mix cannot use", () => {
  // A whole GPU does not fit on nodes 1 and 2: 1400 of 3400. A share of 300 does not fit on node 1: 1000 of 3400.
  const mix = [demand(1, [1, 1000]), demand(3, [1, 300])];
  assert.equal(fragmentation(FREE, GPU, mix), (1 * 1400 + 3 * 1000) / (4 * 3400));
});

test("fragmentation counts nodes that constraints rule out", () => {
  assert.equal(fragmentation(FREE, GPU, [demand(1, [0, 300], [0, 1, 1])]), 2000 / 3400);
});

test("fragmentation leaves out demand without GPUs, and is 0 when nothing is free or asked", () => {
  const share = demand(1, [1, 300]);
  assert.equal(fragmentation(FREE, GPU, [share, demand(99, [64, 0])]), fragmentation(FREE, GPU, [share]));
  assert.equal(fragmentation(FREE, GPU, [demand(1, [64, 0])]), 0);
  assert.equal(fragmentation([Float64Array.of(4), Float64Array.of(0)], GPU, [share]), 0);
});

test("fragmentation is 1 when nobody can use anything free", () => {
  assert.equal(fragmentation(FREE, GPU, [demand(2, [1, 8000])]), 1);
});
