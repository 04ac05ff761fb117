// The same done for each index, so many a second.
import type { Agenda } from "./agenda.js";

export interface RatedWork {
  readonly count: number;
  /** 0: all at once. */
  readonly perSecond: number;
  readonly run: (index: number) => void;
}

/** @returns ends it */
export function startRated(work: RatedWork, agenda: Agenda, nowMs: number, done = () => {}): () => void {
  const { count, perSecond, run } = work;
  let next = 0;
  if (perSecond === 0) for (; next < count; next++) run(next);
  if (next === count) {
    done();
    return () => {};
  }
  return agenda.every(nowMs, 1000 / perSecond, () => {
    run(next++);
    if (next === count) done();
    return next < count;
  });
}
