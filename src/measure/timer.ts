// Timing one operation honestly: calibrate the clock, repeat the operation until the clock no longer matters, throw the
// warm-up away, keep the first cold run apart, then take windows until the budget is spent.
// Why windows: one lookup takes 5 ns and one reading of the clock 60 ns; a window repeats the operation so often that
// reading and resolution together are below 1% of it. V8 and WebAssembly compile again while they run, so a number
// from the first windows says little about later ones.
// What comes out is service time: a closed loop starts an operation when the last is done.
import { type Clock, durationBetween, type InstantNs } from "../base/clock.js";
import { assert } from "../base/assert.js";
import { median } from "./statistics/quantiles.js";

/** What reading the clock costs, ns. */
export interface Timer {
  /** Smallest difference seen between two readings that differ. */
  readonly resolutionNs: number;
  /** Median time of one reading. */
  readonly overheadNs: number;
}

export interface TimingOptions {
  /** Windows thrown away: a number, or `auto` for until they agree. */
  readonly warmup: "auto" | number;
  /** Time for everything, warm-up included, ns; overrun by the operation's own length at most twice. */
  readonly budgetNs: number;
}

export interface Timing {
  /** The very first run, ns per operation: with cold caches and code not yet compiled. */
  readonly coldNs: number;
  readonly repetitions: number;
  readonly warmupWindows: number;
  /** Whether the last five warm-up windows agreed within 2%; false when the cap ended the warm-up. */
  readonly steady: boolean;
  /** Time per operation of each window after the warm-up, ns, in the order taken; at least one. */
  readonly windowsNs: Float64Array;
}

const CLOCK_SHARE_MAX = 0.01;
const STEADY_WINDOWS = 5;
const STEADY_SPREAD = 0.02;
/** Share of the budget that an automatic warm-up may take. */
const WARMUP_SHARE = 0.4;
const WINDOWS_MAX = 20_000;

/** Cost: about readings x 100 ns. */
export function calibrateTimer(clock: Clock, readings = 4000): Timer {
  assert(readings >= 2, `${readings} readings cannot calibrate a clock`);
  const steps = new Float64Array(readings);
  let last = clock.now();
  const start = last;
  for (let index = 0; index < readings; index++) {
    const now = clock.now();
    steps[index] = durationBetween(last, now);
    last = now;
  }
  const rising = steps.filter((step) => step > 0);
  const mean = durationBetween(start, last) / readings;
  if (rising.length === 0) return { resolutionNs: 1, overheadNs: 0 };
  const resolutionNs = rising.reduce((least, step) => Math.min(least, step));
  // A coarse clock stands still between readings: its median step is 0, its mean is not.
  return { resolutionNs, overheadNs: rising.length > readings / 2 ? median(steps) : mean };
}

/**
 * How often to repeat `body` so that the clock is less than 1% of what is timed: doubled until it is.
 * @param body runs the operation the given number of times
 */
export function calibrateRepetitions(
  clock: Clock,
  timer: Timer,
  body: (repetitions: number) => void,
): number {
  const enoughNs = (timer.overheadNs + timer.resolutionNs) / CLOCK_SHARE_MAX;
  for (let repetitions = 1; ; repetitions *= 2) {
    if (timeNs(clock, () => body(repetitions)) >= enoughNs) return repetitions;
    assert(repetitions < 2 ** 40, "an operation repeated 2^40 times takes no time: the body does nothing");
  }
}

/**
 * Time `body`, which runs the operation the given number of times and uses what it computes.
 * Units: ns per operation. The clock's own time is taken off every window.
 */
export function timeOperation(
  clock: Clock,
  timer: Timer,
  body: (repetitions: number) => void,
  options: TimingOptions,
): Timing {
  const start = clock.now();
  const coldNs = timeNs(clock, () => body(1));
  // An operation that alone outlasts the clock a hundredfold needs no search for repetitions.
  const long = coldNs * CLOCK_SHARE_MAX > 10 * (timer.overheadNs + timer.resolutionNs);
  const repetitions = long && coldNs > options.budgetNs / 20 ? 1 : calibrateRepetitions(clock, timer, body);
  const window = () => Math.max(0, timeNs(clock, () => body(repetitions)) - timer.overheadNs) / repetitions;
  const spentNs = () => durationBetween(start, clock.now());
  const warm = warmUp(window, () => spentNs() > options.budgetNs * WARMUP_SHARE, options.warmup);
  const windows: number[] = [];
  do windows.push(window());
  while (windows.length < WINDOWS_MAX && spentNs() < options.budgetNs);
  return { coldNs, repetitions, ...warm, windowsNs: Float64Array.from(windows) };
}

/**
 * Time `body` run once per window, each time after `before`, whose time does not count: for operations that use up
 * what they work on. The body has to last long enough for the clock by itself.
 */
export function timeAfter(
  clock: Clock,
  timer: Timer,
  operation: { readonly before: () => void; readonly body: () => void },
  options: TimingOptions,
): Timing {
  const start = clock.now();
  const run = () => {
    operation.before();
    return timeNs(clock, operation.body);
  };
  const coldNs = run();
  const window = () => Math.max(0, run() - timer.overheadNs);
  const spentNs = () => durationBetween(start, clock.now());
  const warm = warmUp(window, () => spentNs() > options.budgetNs * WARMUP_SHARE, options.warmup);
  const windows: number[] = [];
  do windows.push(window());
  while (windows.length < WINDOWS_MAX && spentNs() < options.budgetNs);
  return { coldNs, repetitions: 1, ...warm, windowsNs: Float64Array.from(windows) };
}

function warmUp(
  window: () => number,
  isOver: () => boolean,
  warmup: "auto" | number,
): { warmupWindows: number; steady: boolean } {
  const last: number[] = [];
  const count = warmup === "auto" ? Number.POSITIVE_INFINITY : warmup;
  let warmupWindows = 0;
  while (warmupWindows < count) {
    if (warmup === "auto" && (isOver() || isSteady(last))) break;
    last.push(window());
    if (last.length > STEADY_WINDOWS) last.shift();
    warmupWindows++;
  }
  return { warmupWindows, steady: isSteady(last) };
}

/** Whether the last five windows lie within 2% of one another. */
function isSteady(windows: readonly number[]): boolean {
  if (windows.length < STEADY_WINDOWS) return false;
  const low = Math.min(...windows);
  const high = Math.max(...windows);
  return high - low <= STEADY_SPREAD * low;
}

function timeNs(clock: Clock, run: () => void): number {
  const start: InstantNs = clock.now();
  run();
  return durationBetween(start, clock.now());
}
