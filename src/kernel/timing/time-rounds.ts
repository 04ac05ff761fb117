// Rounds of chunks until enough of them count, or too many did not.
import { PlumbError } from "../../base/errors.js";
import type { Chunk } from "../injector/pace.js";
import {
  caseStatistics,
  type CaseStatistics,
  leastDisturbed,
  relativeSpread,
  roundsThatCount,
  soundChunks,
} from "./chunk-statistics.js";

export interface RoundOptions {
  /** Positions of the cases that tell whether a round was disturbed; at least one. */
  readonly controls: readonly number[];
  readonly rounds: number;
  /** Rounds in all, with those that do not count; then what counts so far has to do. */
  readonly roundsMax: number;
  /** Chunks of every case in a round. */
  readonly passes: number;
  /** Whether the CPU being taken away leaves a chunk's time as it is: then one is better than none. */
  readonly isCpuTime: boolean;
  /** Called before each round with what was done; may throw to stop. */
  readonly onRound?: (done: RoundsDone) => void;
}

/** Of the rounds wanted: where fewer count, the least disturbed make them up, and the record still says how many did not. */
const LEAST_SHARE = 0.25;

export interface RoundsDone {
  readonly counting: number;
  readonly wanted: number;
  readonly rejected: number;
}

export interface TimedRounds {
  /** By case. */
  readonly cases: readonly CaseStatistics[];
  /** By control, in the order of the options: relative spread over the rounds that count. */
  readonly noise: readonly number[];
  readonly rounds: number;
  readonly rejected: number;
  /** Chunks left out because packets were lost or the CPU was shared. */
  readonly chunksUnsound: number;
}

/**
 * @param run times every case so many times
 * @throws {PlumbError} Internal when too few chunks of a case are sound
 */
export async function timeRounds(
  run: (passes: number) => Promise<readonly Chunk[]>,
  caseCount: number,
  options: RoundOptions,
): Promise<TimedRounds> {
  const rounds: (readonly Chunk[])[] = [];
  let counting: boolean[] = [];
  const counted = () => counting.filter(Boolean).length;
  while (counted() < options.rounds && rounds.length < options.roundsMax) {
    options.onRound?.({
      counting: counted(),
      wanted: options.rounds,
      rejected: rounds.length - counted(),
    });
    rounds.push(await run(options.passes));
    counting = roundsThatCount(rounds.map((round) => controlsOf(round, options.controls)));
  }
  const rejected = rounds.length - counted();
  counting = roundsThatCount(
    rounds.map((round) => controlsOf(round, options.controls)),
    Math.ceil(options.rounds * LEAST_SHARE),
  );
  return statisticsOf(
    rounds.filter((_, index) => counting[index]),
    { ...options, caseCount, rejected },
  );
}

function statisticsOf(
  rounds: readonly (readonly Chunk[])[],
  of: Pick<RoundOptions, "controls" | "isCpuTime"> & {
    readonly caseCount: number;
    readonly rejected: number;
  },
): TimedRounds {
  const all = rounds.flat();
  const sound = soundChunks(all);
  const byCase: Chunk[][] = Array.from({ length: of.caseCount }, () => []);
  for (const chunk of sound) byCase[chunk.case]?.push(chunk);
  const perRound = rounds.map((round) => controlsOf(round, of.controls));
  return {
    cases: byCase.map((ofCase, index) => {
      const sent = all.filter((each) => each.case === index);
      const least = Math.min(SOUND_CHUNKS_MIN, Math.ceil(sent.length * SOUND_SHARE_MIN));
      const chunks = ofCase.length < least && of.isCpuTime ? leastDisturbed(sent, least) : ofCase;
      if (chunks.length > 0 && chunks.length >= least) return caseStatistics(chunks);
      const left = `${chunks.length} of ${sent.length} chunks count`;
      throw new PlumbError("Internal", `Cannot time case ${index}: ${left}, ${whyNot(all, index)}`);
    }),
    noise: of.controls.map((_, control) => relativeSpread(perRound.map((row) => row[control] as number))),
    rounds: rounds.length,
    rejected: of.rejected,
    chunksUnsound: all.length - sound.length,
  };
}

/** Fewer say nothing of a case, unless few were sent; of CPU time the least disturbed make them up. */
const SOUND_CHUNKS_MIN = 6;
const SOUND_SHARE_MIN = 0.25;

function whyNot(chunks: readonly Chunk[], index: number): string {
  if (chunks.length === 0) return "no round had a sound chunk of every control";
  const lossy = chunks.find((chunk) => chunk.case === index && chunk.delivered !== chunk.packets);
  if (lossy === undefined) return "the CPU was shared most of the time";
  return `of ${lossy.packets} packets ${lossy.delivered} arrived`;
}

function controlsOf(round: readonly Chunk[], controls: readonly number[]): number[] {
  const sound = soundChunks(round);
  return controls.map((control) => {
    const chunks = sound.filter((chunk) => chunk.case === control);
    return chunks.length === 0 ? Number.NaN : caseStatistics(chunks).ns;
  });
}
