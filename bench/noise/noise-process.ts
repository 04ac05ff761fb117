// One fresh process of the noise recording: time a fixed walk past its warm-up and print the median, ns.
// The walk reads records of 32 bytes as a linear chain does. (A scan of one plain column has two speeds 9% apart,
// depending on where the compiler puts its loop: a difference between processes that no number of iterations inside
// one averages away.)
import { realClock } from "../../src/base/clock.js";
import { Prng } from "../../src/base/prng.js";
import { median } from "../../src/measure/statistics/quantiles.js";
import { calibrateTimer, timeOperation } from "../../src/measure/timer.js";

const RULES = 1024;
const STRIDE = 8;
const ADDRESS = 1;
const PORT = 3;
const BUDGET_NS = 120e6;

const prng = new Prng(1);
const rules = Uint32Array.from({ length: RULES * STRIDE }, () => prng.next32());
const wantedAddress = rules[(RULES - 1) * STRIDE + ADDRESS] as number;
const wantedPort = rules[(RULES - 1) * STRIDE + PORT] as number;
let sink = 0;

/** First match from the front; the last rule matches. */
function walk(repetitions: number): void {
  for (let round = 0; round < repetitions; round++) {
    for (let rule = 0; rule < RULES; rule++) {
      const at = rule * STRIDE;
      sink = (sink + (rules[at] as number)) | 0;
      if (rules[at + ADDRESS] !== wantedAddress || rules[at + PORT] !== wantedPort) continue;
      sink ^= rule;
      break;
    }
  }
}

const timing = timeOperation(realClock, calibrateTimer(realClock), walk, {
  warmup: "auto",
  budgetNs: BUDGET_NS,
});
console.log(JSON.stringify({ medianNs: median(timing.windowsNs), steady: timing.steady, sink }));
