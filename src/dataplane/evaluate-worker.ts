// The program of a pool's thread: an instance of the core per arena it is handed, over memory that others prepared.
import { workerData } from "node:worker_threads";
import { present } from "../base/assert.js";
import { realClock } from "../base/clock.js";
import type { ArenaSite } from "./evaluator.js";
import { type CoreExports, instantiateCore } from "./modules.js";
import type { EvaluateSpan, EvaluateTask } from "./pool.js";

const sites = workerData as readonly ArenaSite[];
const cores = new Map<number, CoreExports>();

export default function evaluate({ arenaIndex, packets, repetitions }: EvaluateTask): EvaluateSpan {
  const { module, memory, arena } = present(sites[arenaIndex], `arena ${arenaIndex}`);
  const core = cores.get(arenaIndex) ?? instantiateCore(module, memory);
  cores.set(arenaIndex, core);
  const startNs = realClock.now();
  for (let round = 0; round < repetitions; round++)
    core.evaluate(arena.context, arena.packets, arena.results, packets);
  return { startNs, endNs: realClock.now() };
}
