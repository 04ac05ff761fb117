// When packets arrive, in whole ms since the start of the run.
import { PlumbError } from "../base/errors.js";
import type { Prng } from "../base/prng.js";
import { drawExponential } from "./distributions.js";
import type { Arrival } from "./traffic-spec.js";

const TIME_MS_MAX = 2 ** 32 - 1;

/** A function that gives the arrival of one packet after another. Never falls. */
export function arrivalClock(arrival: Arrival, prng: Prng): () => number {
  switch (arrival.model) {
    case "backlog":
      return () => 0;
    case "closed": {
      let index = 0;
      return () => checked(Math.floor(index++ / arrival.concurrency) * arrival.thinkMs);
    }
    case "open": {
      const gapMs = 1000 / arrival.ratePerSecond;
      let index = 0;
      if (arrival.process === "fixed") return () => checked(index++ * gapMs);
      let at = 0;
      return () => {
        at += drawExponential(prng, gapMs);
        return checked(at);
      };
    }
  }
}

function checked(ms: number): number {
  if (ms <= TIME_MS_MAX) return Math.floor(ms);
  throw new PlumbError("LimitExceeded", `Cannot stamp a packet at ${ms} ms: limit 2^32-1 ms`, {
    hint: "raise the rate or send fewer packets",
  });
}
