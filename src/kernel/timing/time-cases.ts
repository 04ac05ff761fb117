// Cases timed in the nodes of a host: a pace program of their own, rounds until enough count, and an end to it all when
// asked for.
import type { PacketKind } from "../../measure/kernel-record.js";
import type { KernelHost } from "../host/command.js";
import type { NodeSpec } from "../host/topology.js";
import { NATIVE_PACE, Pace, type PaceCase, type PaceJob, USER_MODE_PACE } from "../injector/pace.js";
import { type RoundOptions, type TimedRounds, timeRounds } from "./time-rounds.js";

/** Clients count up from here; whoever makes rules takes these addresses for Pods. */
const FIRST_CLIENT = "10.128.0.0";

/** How carefully to time. */
export interface Pacing {
  readonly seed: number;
  /** CPU that packets are sent on. */
  readonly cpu: PaceJob["cpu"];
  /** Rounds that count, and chunks of every case in each. */
  readonly rounds: number;
  readonly passes: number;
  /** Milliseconds ahead of each round, for what the packets before it left behind to expire; 0 when missing. */
  readonly settleMs?: number;
}

export interface TimedCase extends PaceCase {
  /** Chunks of it in a pass: more for what others are compared with. */
  readonly chunksPerPass: number;
}

export interface CasesToTime {
  readonly packet: PacketKind;
  readonly nodes: readonly NodeSpec[];
  readonly cases: readonly TimedCase[];
  /** Positions of the control cases. */
  readonly controls: readonly number[];
  readonly signal?: AbortSignal | undefined;
  readonly onRound?: RoundOptions["onRound"];
}

/** Disturbed rounds are repeated up to this many times those wanted. */
const ROUNDS_MAX_FACTOR = 2;

export function clockOf(host: KernelHost): "thread-cpu" | "tsc" {
  return presetOf(host).clock;
}

function presetOf(host: KernelHost): typeof NATIVE_PACE | typeof USER_MODE_PACE {
  return host.kind === "native" ? NATIVE_PACE : USER_MODE_PACE;
}

/** @throws {PlumbError} Internal when packets cannot be sent or none arrive; the signal's reason when aborted */
export async function timeCases(host: KernelHost, pacing: Pacing, what: CasesToTime): Promise<TimedRounds> {
  const { packet, nodes, cases, controls, signal, onRound } = what;
  const { seed, cpu, rounds, passes, settleMs = 0 } = pacing;
  signal?.throwIfAborted();
  const sent = cases.flatMap((each, index) => Array.from({ length: each.chunksPerPass }, () => index));
  const pace = new Pace(host, {
    ...presetOf(host),
    cpu,
    seed,
    packet,
    firstSource: FIRST_CLIENT,
    settleMs,
    nodes,
    cases: sent.map((index) => cases[index] as TimedCase),
  });
  const run = async (count: number) => {
    const chunks = await pace.run(count);
    return chunks.map((chunk) => ({ ...chunk, case: sent[chunk.case] as number }));
  };
  const kill = () => pace.kill();
  signal?.addEventListener("abort", kill);
  try {
    return await timeRounds(run, cases.length, {
      controls,
      isCpuTime: clockOf(host) === "thread-cpu",
      rounds,
      roundsMax: rounds * ROUNDS_MAX_FACTOR,
      passes,
      ...(onRound === undefined ? {} : { onRound }),
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", kill);
    await pace.close();
  }
}
