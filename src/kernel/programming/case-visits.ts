// One path at one size, visited again and again: what was measured of it, what that should have taken, and why not more.
import type { Clock } from "../../base/clock.js";
import type {
  KernelKind,
  NotVerifiedReason,
  NotVerifiedRecord,
  ProgrammingRecord,
} from "../../measure/kernel-record.js";
import { median } from "../../measure/statistics/quantiles.js";
import type { Argv } from "../host/command.js";
import { modelledMs, type PricedChange } from "./modelled-time.js";
import type {
  ChangeDocument,
  DocumentCounts,
  ProgrammingCase,
  ProgrammingChange,
  ProgrammingDocuments,
} from "./rule-documents.js";
import { type ToolRun, toolRuns } from "./tool-runs.js";

export interface ToolResult {
  readonly status: number;
  readonly stderr: string;
  /** Wall time from start to exit. */
  readonly ms: number;
}

/** A network namespace of its own, empty when it is opened. */
export interface RuleNamespace {
  /** Never rejects for a program that fails or is not there: status 127 says the latter. */
  run(argv: Argv, stdin: readonly string[]): Promise<ToolResult>;
  close(): Promise<void>;
}

interface VisitOptions {
  readonly kernel: KernelKind;
  readonly documents: (of: ProgrammingCase) => ProgrammingDocuments;
  readonly openNamespace: () => Promise<RuleNamespace>;
  readonly clock: Clock;
}

/** A change with the runs it takes. */
interface PlannedChange extends PricedChange {
  readonly counts: DocumentCounts;
  readonly runs: readonly ToolRun[];
}

const CHANGES: readonly ProgrammingChange[] = ["full", "resync", "one-service"];
/** What a shell, env or nsenter ends with when there is no such program. */
const NOT_FOUND_STATUS = 127;
const STDERR_KEPT = 500;

export class CaseVisits {
  readonly of: ProgrammingCase;
  /** Wall times of a program that does nothing, one a visit. */
  readonly startMs: number[] = [];
  readonly #options: VisitOptions;
  readonly #measuredMs: Readonly<Record<ProgrammingChange, number[]>> = {
    full: [],
    resync: [],
    "one-service": [],
  };
  /** In the order of a visit: the one Service is as it was before the resync. */
  #plan: readonly PlannedChange[] | null = null;
  #lastVisitMs: number | null = null;
  #isGivenUp = false;

  constructor(of: ProgrammingCase, options: VisitOptions) {
    this.of = of;
    this.#options = options;
  }

  /** Whether it is of no use to visit it again. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /**
   * Measure every change once more, if that can be done in `leftMs`.
   * @returns why there is no measurement at all, or one less than asked for: a tool failed
   */
  async visit(leftMs: number): Promise<NotVerifiedRecord | null> {
    this.#plan ??= planOf(this.of, this.#options);
    const plan = this.#plan;
    const expectedMs = this.#lastVisitMs ?? plan.reduce((sum, change) => sum + this.#modelledMs(change), 0);
    if (expectedMs > leftMs) {
      this.#isGivenUp = true;
      return this.#lastVisitMs === null ? this.#outOfTime(expectedMs, leftMs) : null;
    }
    const beginMs = this.#options.clock.milliseconds();
    const namespace = await this.#options.openNamespace();
    try {
      this.startMs.push((await namespace.run(["true"], [])).ms);
      for (const change of plan) {
        const failure = await this.#measure(change, namespace);
        if (failure !== null) return failure;
      }
    } finally {
      await namespace.close();
      this.#lastVisitMs = this.#options.clock.milliseconds() - beginMs;
    }
    return null;
  }

  /** One for each change that was measured. */
  records(): ProgrammingRecord[] {
    return CHANGES.flatMap((kind) => {
      const planned = this.#plan?.find(({ change }) => change === kind);
      const measured = this.#measuredMs[kind];
      if (planned === undefined || measured.length === 0) return [];
      return {
        path: this.of.path,
        kernel: this.#options.kernel,
        services: this.of.services,
        change: kind,
        measuredMs: median(measured),
        n: measured.length,
        // Prices are those of a kernel that runs on the machine itself.
        modelledMs: this.#options.kernel === "native" ? this.#modelledMs(planned) : null,
        bytes: planned.counts.bytes,
        rules: planned.counts.rules,
        transactions: planned.runs.length,
      };
    });
  }

  #modelledMs(change: PlannedChange): number {
    const [full = change] = this.#plan ?? [];
    return modelledMs(this.of.path, change, full);
  }

  async #measure(
    { change, runs }: PlannedChange,
    namespace: RuleNamespace,
  ): Promise<NotVerifiedRecord | null> {
    let ms = 0;
    for (const { argv, stdin } of runs) {
      const result = await namespace.run(argv, stdin);
      if (result.status !== 0) {
        this.#isGivenUp = true;
        return this.#refused(change, argv, result);
      }
      ms += result.ms;
    }
    this.#measuredMs[change].push(ms);
    return null;
  }

  #outOfTime(expectedMs: number, leftMs: number): NotVerifiedRecord {
    const seconds = (ms: number) => `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
    return this.#notVerified(
      "OUT_OF_TIME",
      `would take ${seconds(expectedMs)}, ${seconds(leftMs)} were left: allow more time`,
    );
  }

  #refused(change: ProgrammingChange, [program]: Argv, { status, stderr }: ToolResult): NotVerifiedRecord {
    if (status === NOT_FOUND_STATUS)
      return this.#notVerified("TOOL_MISSING", `there is no '${program}': install it`);
    const said = stderr.trim().slice(0, STDERR_KEPT) || "it said nothing";
    return this.#notVerified("KERNEL_REFUSED", `${change}: '${program}' ended with ${status}: ${said}`);
  }

  #notVerified(reason: NotVerifiedReason, why: string): NotVerifiedRecord {
    const { path, services } = this.of;
    return { what: path, reason, detail: `programming ${services} Services: ${why}` };
  }
}

function planOf(of: ProgrammingCase, options: VisitOptions): PlannedChange[] {
  const { full, resync, oneService } = options.documents(of);
  const planned = (change: ProgrammingChange, { texts, ...counts }: ChangeDocument): PlannedChange => ({
    change,
    counts,
    runs: toolRuns(of.path, change, texts),
  });
  return [
    planned("full", full),
    ...oneService.map((document) => planned("one-service", document)),
    planned("resync", resync),
  ];
}
