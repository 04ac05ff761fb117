import assert from "node:assert/strict";
import { test } from "node:test";
import { chiSquareTail, logGamma, normalQuantile, normalTail, upperGamma } from "./special-functions.js";

const close = (got: number, want: number, relative = 1e-9) =>
  assert.ok(Math.abs(got - want) <= relative * Math.abs(want), `got ${got}, want ${want}`);

test("logGamma is ln of factorials and of the square root of pi", () => {
  close(logGamma(10), Math.log(362880), 1e-13);
  close(logGamma(0.5), Math.log(Math.sqrt(Math.PI)), 1e-13);
  close(logGamma(171), 706.5730622457874, 1e-12);
});

test("normalTail and normalQuantile give the values of the tables", () => {
  close(normalTail(1.959963984540054), 0.025);
  close(normalTail(0), 0.5);
  close(normalTail(-1), 0.8413447460685429);
  close(normalTail(6), 9.865876450376981e-10);
  for (const [p, z] of [
    [0.975, 1.959963984540054],
    [0.8, 0.8416212335729143],
    [0.001, -3.090232306167813],
  ] as const) {
    close(normalQuantile(p), z, 1e-8);
  }
});

test("chiSquareTail is 0.05 at the critical values of the tables", () => {
  for (const [degrees, critical] of [
    [1, 3.841458820694124],
    [5, 11.070497693516351],
    [10, 18.307038053275146],
    [100, 124.34211340400407],
  ] as const) {
    close(chiSquareTail(critical, degrees), 0.05, 1e-9);
  }
  assert.equal(chiSquareTail(0, 3), 1);
  close(upperGamma(1, 2), Math.exp(-2), 1e-13);
});
