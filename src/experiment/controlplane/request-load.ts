// Requests at full speed, and at a rate.
// A rate is kept whatever the answers do, and a latency counts from when its request was due: a server that stalls
// cannot hide the requests that it kept from being sent.
import { Histogram } from "../../measure/histogram.js";
import { delay, type Timers } from "../../base/timers.js";

export interface Load {
  readonly count: number;
  /** @throws whatever the request failed with: the benchmark then fails */
  run(index: number): Promise<unknown>;
}

/** @returns requests per second with so many in flight */
export async function saturated({ count, run }: Load, inFlight: number, timers: Timers): Promise<number> {
  let next = 0;
  const begunMs = timers.milliseconds();
  const worker = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, worker));
  return (count * 1000) / (timers.milliseconds() - begunMs);
}

/** @returns ns from when each request was due to its answer */
export async function paced({ count, run }: Load, perSecond: number, timers: Timers): Promise<Histogram> {
  const latency = new Histogram(1000);
  const begunMs = timers.milliseconds();
  const answers: Promise<void>[] = [];
  while (answers.length < count) {
    const dueCount = Math.min(count, Math.floor(((timers.milliseconds() - begunMs) / 1000) * perSecond) + 1);
    for (let index = answers.length; index < dueCount; index++) {
      const dueMs = begunMs + (index / perSecond) * 1000;
      answers.push(run(index).then(() => latency.record(Math.max(0, (timers.milliseconds() - dueMs) * 1e6))));
    }
    if (answers.length < count) await delay(timers, 1);
  }
  await Promise.all(answers);
  return latency;
}
