// Points over time, about as many for a window of a second as for one of a day: points are taken at an interval, and
// whenever there are too many every second one goes and the interval doubles. Invariant: kept points are equally far
// apart, the last one apart. Cost: O(1) points kept; each point taken costs what `take` does.
import type { Agenda } from "./agenda.js";

const INTERVAL_MS_MIN = 10;
const POINTS_MAX = 128;
/** Where the length of a window is known. */
const POINTS_AIMED = 100;

export class SampledTimeline<Point> {
  readonly #agenda: Agenda;
  readonly #take: (nowMs: number) => Point;
  #points: Point[] = [];
  #intervalMs = INTERVAL_MS_MIN;
  #cancel = () => {};

  constructor(agenda: Agenda, take: (nowMs: number) => Point) {
    this.#agenda = agenda;
    this.#take = take;
  }

  get points(): readonly Point[] {
    return this.#points;
  }

  /** @param expectedMs how long it will last at least; 0 when nobody knows */
  begin(nowMs: number, expectedMs: number): void {
    this.#intervalMs = Math.max(this.#intervalMs, expectedMs / POINTS_AIMED);
    this.#points.push(this.#take(nowMs));
    this.#next(nowMs);
  }

  end(nowMs: number): void {
    this.#cancel();
    this.#points.push(this.#take(nowMs));
  }

  #next(nowMs: number): void {
    this.#cancel = this.#agenda.at(nowMs + this.#intervalMs, (dueMs) => {
      this.#points.push(this.#take(dueMs));
      if (this.#points.length >= POINTS_MAX) {
        this.#points = this.#points.filter((_, index) => index % 2 === 0);
        this.#intervalMs *= 2;
      }
      this.#next(dueMs);
    });
  }
}
