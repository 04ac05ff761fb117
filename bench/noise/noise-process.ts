// One fresh process of the noise recording: time a fixed linear scan past its warm-up and print the median, ns.
import { realClock } from "../../src/base/clock.js";
import { Prng } from "../../src/base/prng.js";
import { median } from "../../src/measure/statistics/quantiles.js";
import { calibrateTimer, timeOperation } from "../../src/measure/timer.js";

const RULES = 4096;
const BUDGET_NS = 120e6;

const prng = new Prng(1);
const addresses = Uint32Array.from({ length: RULES }, () => prng.next32());
let sink = 0;

/** First match over a column, the packet's address being the last one: the shape of a linear chain walk. */
function scan(repetitions: number): void {
  for (let round = 0; round < repetitions; round++) {
    const wanted = addresses[RULES - 1 - (round & 7)];
    for (let rule = 0; rule < RULES; rule++) {
      if (addresses[rule] !== wanted) continue;
      sink += rule;
      break;
    }
  }
}

const timing = timeOperation(realClock, calibrateTimer(realClock), scan, {
  warmup: "auto",
  budgetNs: BUDGET_NS,
});
console.log(JSON.stringify({ medianNs: median(timing.windowsNs), steady: timing.steady, sink }));
