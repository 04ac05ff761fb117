// The same done for each index, so many a second.
import type { Agenda } from "./agenda.js";

export interface RatedWork {
  readonly count: number;
  /** Above 0. */
  readonly perSecond: number;
  readonly run: (index: number) => Promise<void>;
}

/** @returns ends it */
export function startRated(work: RatedWork, agenda: Agenda, nowMs: number, done = () => {}): () => void {
  const { count, perSecond, run } = work;
  let next = 0;
  if (count === 0) {
    done();
    return () => {};
  }
  return agenda.every(nowMs, 1000 / perSecond, () => {
    void run(next++);
    if (next === count) done();
    return next < count;
  });
}
