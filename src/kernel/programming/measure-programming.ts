// How long rules take into a kernel: everything into an empty namespace, one Service changed, everything once more over
// what is there. Each visit of a path and size has a fresh namespace; a round visits all of them in a new random order,
// so that a slow minute of the machine is spread over them. Statistic: the median of the tools' wall time, starting
// them included. Texts are made and cut before the clock starts.
// A visit that would end after the budget is left out; how long it takes is known from the last, or else modelled.
import type { Clock } from "../../base/clock.js";
import { Prng } from "../../base/prng.js";
import type { KernelKind, NotVerifiedRecord, ProgrammingRecord } from "../../measure/kernel-record.js";
import { median } from "../../measure/statistics/quantiles.js";
import { CaseVisits, type RuleNamespace } from "./case-visits.js";
import type { ProgrammingCase, ProgrammingDocuments } from "./rule-documents.js";

export interface ProgrammingOptions {
  readonly kernel: KernelKind;
  readonly cases: readonly ProgrammingCase[];
  /** Asked once a case, and kept. */
  readonly documents: (of: ProgrammingCase) => ProgrammingDocuments;
  readonly openNamespace: () => Promise<RuleNamespace>;
  readonly clock: Clock;
  readonly seed: number;
  readonly rounds: number;
  readonly budgetMs: number;
  readonly signal?: AbortSignal;
  readonly onProgress: (text: string) => void;
}

export interface ProgrammingResult {
  readonly records: readonly ProgrammingRecord[];
  readonly notVerified: readonly NotVerifiedRecord[];
  /** Median wall time of starting a program that does nothing: part of every measured time, once a run. */
  readonly startMs: number | null;
}

/** For sizes up to 10,000 Services. */
export const DEFAULT_PROGRAMMING = { rounds: 3, budgetMs: 240_000 } as const;

/** @throws {PlumbError} when a namespace cannot be opened; the signal's reason when aborted */
export async function measureProgramming(options: ProgrammingOptions): Promise<ProgrammingResult> {
  const { clock, signal, onProgress } = options;
  const prng = new Prng(options.seed);
  const deadlineMs = clock.milliseconds() + options.budgetMs;
  const visits = options.cases.map((of) => new CaseVisits(of, options));
  const notVerified: NotVerifiedRecord[] = [];
  for (let round = 0; round < options.rounds; round++) {
    for (const each of prng.shuffled(visits)) {
      signal?.throwIfAborted();
      const { path, services } = each.of;
      if (each.isGivenUp) continue;
      onProgress(`programming ${path}, ${services} Services: round ${round + 1} of ${options.rounds}`);
      const failure = await each.visit(deadlineMs - clock.milliseconds());
      if (failure !== null) notVerified.push(failure);
    }
  }
  const starts = visits.flatMap(({ startMs }) => startMs);
  return {
    records: visits.flatMap((each) => each.records()),
    notVerified,
    startMs: starts.length === 0 ? null : median(starts),
  };
}
