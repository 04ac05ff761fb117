// Points over time, about as many for a window of a second as for one of a day: points are taken at an interval, and
// whenever there are too many every second one goes and the interval doubles. Invariant: kept points are equally far
// apart, the last one apart. Cost: O(1) points kept; each point taken costs what `take` does.
import type { Agenda } from "./agenda.js";

const FIRST_INTERVAL_MS = 10;
const POINTS_MAX = 128;

export class SampledTimeline<Point> {
  readonly #agenda: Agenda;
  readonly #take: (nowMs: number) => Point;
  #points: Point[] = [];
  #intervalMs = FIRST_INTERVAL_MS;
  #cancel = () => {};

  constructor(agenda: Agenda, take: (nowMs: number) => Point) {
    this.#agenda = agenda;
    this.#take = take;
  }

  get points(): readonly Point[] {
    return this.#points;
  }

  begin(nowMs: number): void {
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
