// How a process that takes a scheduling sample really waits, and really asks extenders: a timer and HTTP.
import { setTimeout as wait } from "node:timers/promises";
import { newExtenderCaller } from "./http-extender.js";
import type { Surroundings } from "./simulation.js";

/** What a sample is handed to wait and to ask extenders with. */
export type SchedulingWaits = Pick<Surroundings, "sleep" | "callExtender">;

export const realWaits: SchedulingWaits = {
  sleep: async (ms) => {
    await wait(ms);
  },
  callExtender: newExtenderCaller(),
};
