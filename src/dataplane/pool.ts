// Worker threads over one shared image: each evaluates the packets of an arena of its own, nothing is shared but the
// tables. The main thread prepares arenas (loads packets, opens flows) with Evaluators; workers only evaluate, so a task
// is a handful of numbers and flows never move between threads, as with RSS queues.
// Why piscina: it keeps threads alive between tasks and takes care of errors; a round trip is below 0.1 ms, so tasks are
// made to last milliseconds (see `repetitions`).
import { Piscina } from "piscina";
import { assert } from "../base/assert.js";
import type { ArenaSite } from "./evaluator.js";

/** Evaluate the first `packets` packets of an arena, `repetitions` times over. */
export interface EvaluateTask {
  readonly arenaIndex: number;
  readonly packets: number;
  readonly repetitions: number;
}

/** When a worker was evaluating, on the process's monotonic clock, ns. */
export interface EvaluateSpan {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

export interface Throughput {
  readonly packets: number;
  /** From the first worker's start to the last one's end. */
  readonly ns: number;
}

export class WorkerPool {
  readonly #pool: Piscina<EvaluateTask, EvaluateSpan>;
  readonly #workers: number;

  /** One thread per site. The sites' arenas must be prepared before the first task. */
  constructor(sites: readonly ArenaSite[]) {
    assert(sites.length >= 1, "a pool without workers");
    this.#workers = sites.length;
    this.#pool = new Piscina<EvaluateTask, EvaluateSpan>({
      filename: new URL("./evaluate-worker.js", import.meta.url).href,
      minThreads: sites.length,
      maxThreads: sites.length,
      concurrentTasksPerWorker: 1,
      workerData: sites,
      // Profilers inject themselves through NODE_OPTIONS; inherited by threads it corrupts their traces.
      env: { ...process.env, NODE_OPTIONS: "" },
      execArgv: [],
    });
  }

  /** Let all workers evaluate at once; `packets[i]` are loaded in arena i. */
  async evaluate(packets: readonly number[], repetitions: number): Promise<Throughput> {
    assert(packets.length === this.#workers, `${packets.length} arenas for ${this.#workers} workers`);
    const tasks = packets.map((count, arenaIndex) =>
      this.#pool.run({ arenaIndex, packets: count, repetitions }),
    );
    const spans = await Promise.all(tasks);
    const start = spans.reduce(
      (least, { startNs }) => (startNs < least ? startNs : least),
      spans[0]?.startNs ?? 0n,
    );
    const end = spans.reduce((most, { endNs }) => (endNs > most ? endNs : most), 0n);
    return { packets: packets.reduce((sum, count) => sum + count, 0) * repetitions, ns: Number(end - start) };
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
