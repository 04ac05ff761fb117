// The machine a run was made on: a fingerprint, how busy others kept it, and how much one fixed computation varies.
// Timings of runs with different fingerprints are not set beside each other without saying so.
// All reading goes through EnvironmentReaders, so tests describe machines of their own.
import { readFileSync } from "node:fs";
import os from "node:os";
import { assert } from "../base/assert.js";
import { type Clock, durationBetween } from "../base/clock.js";
import { digestOf } from "./canonical-json.js";
import type { Environment } from "./run-record.js";
import { relativeMad } from "./statistics/quantiles.js";
import type { Timer } from "./timer.js";

export interface EnvironmentReaders {
  /** A file's text, or null when it cannot be read. */
  readonly readText: (path: string) => string | null;
  readonly platform: () => { readonly type: string; readonly release: string; readonly arch: string };
  readonly cpus: () => readonly { readonly model: string; readonly speed: number }[];
  readonly memoryBytes: () => number;
  readonly versions: { readonly node: string; readonly v8: string };
}

export const systemReaders: EnvironmentReaders = {
  readText: readTextOrNull,
  platform: () => ({ type: os.type(), release: os.release(), arch: os.arch() }),
  cpus: () => os.cpus(),
  memoryBytes: () => os.totalmem(),
  versions: { node: process.versions.node, v8: process.versions.v8 },
};

/** What was measured about the machine, beside what can be read. */
export interface MeasuredEnvironment {
  readonly timer: Timer;
  readonly noise: Environment["noise"];
  readonly busyShare: number | null;
  readonly stealShare: number | null;
}

/** The fingerprint covers what timings hang on and stays the same between boots: not the clock rate of the moment. */
export function readEnvironment(readers: EnvironmentReaders, measured: MeasuredEnvironment): Environment {
  const { release, arch } = readers.platform();
  const cpus = readers.cpus();
  const mhz = cpus[0]?.speed ?? 0;
  const identity = {
    os: `${osName(readers)} ${arch}`,
    kernel: release,
    cpu: { model: cpus[0]?.model.trim() ?? "unknown", cores: cpus.length },
    memoryBytes: readers.memoryBytes(),
    node: readers.versions.node,
    v8: readers.versions.v8,
  };
  // Memory as the firmware reports it differs by a few MiB from boot to boot.
  const fingerprint = digestOf({ ...identity, memoryBytes: Math.round(identity.memoryBytes / 2 ** 30) });
  return {
    ...identity,
    cpu: { ...identity.cpu, mhz: mhz > 0 ? mhz : null },
    fingerprint: fingerprint.slice(0, 16),
    ...measured,
  };
}

function osName(readers: EnvironmentReaders): string {
  const release = readers.readText("/etc/os-release");
  const name = release === null ? null : /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release);
  return name?.[1] ?? readers.platform().type;
}

/** Processor time since boot and of this process with its ended children, in ticks. */
export interface CpuUse {
  readonly total: number;
  readonly busy: number;
  readonly steal: number;
  readonly own: number;
}

/** null where there is no /proc/stat. @see proc_stat(5), proc_pid_stat(5) */
export function readCpuUse(readers: EnvironmentReaders): CpuUse | null {
  const all = /^cpu +(.*)$/m.exec(readers.readText("/proc/stat") ?? "")?.[1];
  const self = readers.readText("/proc/self/stat");
  if (all === undefined || self === null) return null;
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] =
    numbers(all);
  const busy = user + nice + system + irq + softirq + steal;
  // Field 2 is the program's name in parentheses and may hold spaces; utime is field 14.
  const own = numbers(self.slice(self.lastIndexOf(")") + 2)).slice(11, 15);
  return { total: busy + idle + iowait, busy, steal, own: own.reduce((sum, ticks) => sum + ticks, 0) };
}

/**
 * Shares of all processor time between two readings: used by others (stolen time is theirs), and stolen.
 * Both null when a reading is missing or no tick has passed.
 */
export function sharesBetween(
  before: CpuUse | null,
  after: CpuUse | null,
): Pick<MeasuredEnvironment, "busyShare" | "stealShare"> {
  const total = before && after ? after.total - before.total : 0;
  if (before === null || after === null || total <= 0) return { busyShare: null, stealShare: null };
  const share = (ticks: number) => Math.min(1, Math.max(0, ticks / total));
  return {
    busyShare: share(after.busy - before.busy - (after.own - before.own)),
    stealShare: share(after.steal - before.steal),
  };
}

const SPINS = 200;
const SPINS_WARM_UP = 40;
const SPIN_STEPS = 500_000;

/** Spread of a fixed computation of about 1 ms, timed 200 times after a warm-up. Cost: about a quarter of a second. */
export function noiseFloor(clock: Clock): NonNullable<Environment["noise"]> {
  const times = new Float64Array(SPINS);
  let sink = 1;
  for (let round = -SPINS_WARM_UP; round < SPINS; round++) {
    const start = clock.now();
    sink = spin(sink);
    if (round >= 0) times[round] = durationBetween(start, clock.now());
  }
  assert(sink !== 0, "xorshift reached 0");
  return { relativeMad: relativeMad(times), samples: SPINS };
}

/** Marsaglia's xorshift32: every step needs the one before, so nothing can be skipped or run side by side. */
function spin(seed: number): number {
  let x = seed;
  for (let step = 0; step < SPIN_STEPS; step++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  return x;
}

function numbers(text: string): number[] {
  return text.trim().split(/\s+/).map(Number);
}

function readTextOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
