// What a simulated container does: when it ends, how it takes signals, what it uses, what probes find. Data, chosen by
// the Pod's annotation, else by the profile's rules, else by its image.
//
// The annotation plumbline.dev/run (or plumbline.dev/run.CONTAINER) holds clauses, separated by ";":
//   exit N [after D]      ends by itself             ignore-term           dies of SIGKILL only
//   term D [exit N]       how long SIGTERM takes     ready after D         readiness probes fail before
//   unready after D       ... and fail again         started after D       startup probes fail before
//   dead after D          liveness probes fail       memory 50Mi [after D] cpu 200m   disk 1Gi   pids 20   inodes 1000
//   fail pull|create|start [TEXT]                    print TEXT
import { amountOf } from "../pod/resources.js";
import { PlumbError } from "../../../base/errors.js";

export interface MemoryStep {
  readonly afterMs: number;
  readonly bytes: number;
}

export interface Behaviour {
  /** null: runs until it is stopped. */
  readonly exit: { readonly code: number; readonly afterMs: number } | null;
  readonly ignoresTerm: boolean;
  readonly termMs: number;
  readonly termExitCode: number;
  readonly startedAfterMs: number;
  readonly readyAfterMs: number;
  readonly unreadyAfterMs: number | null;
  readonly deadAfterMs: number | null;
  /** In order of time; the first is at 0. */
  readonly memory: readonly MemoryStep[];
  readonly cpuMilli: number;
  readonly diskBytes: number;
  readonly inodes: number;
  readonly pids: number;
  /** What the runtime says when it refuses; null: it does not. */
  readonly failsPull: string | null;
  readonly failsCreate: string | null;
  readonly failsStart: string | null;
  /** Printed when it starts. */
  readonly output: string | null;
}

export const RUNS_QUIETLY: Behaviour = {
  exit: null,
  ignoresTerm: false,
  termMs: 0,
  termExitCode: 143,
  startedAfterMs: 0,
  readyAfterMs: 0,
  unreadyAfterMs: null,
  deadAfterMs: null,
  memory: [{ afterMs: 0, bytes: 8 * 1024 * 1024 }],
  cpuMilli: 1,
  diskBytes: 16 * 1024,
  inodes: 8,
  pids: 1,
  failsPull: null,
  failsCreate: null,
  failsStart: null,
  output: null,
};

const REFUSALS = {
  pull: "failed to pull and unpack image: not found",
  create: "failed to create containerd task",
  start: "failed to start containerd task: exec format error",
} as const;

type Change = Partial<Behaviour>;
type Clause = readonly [pattern: RegExp, read: (match: RegExpExecArray, before: Behaviour) => Change];

const DURATION = String.raw`(\d+(?:\.\d+)?(?:ms|s|m|h))`;
const QUANTITY = String.raw`(\d[\w.]*)`;

const CLAUSES: readonly Clause[] = [
  [
    new RegExp(`^exit (\\d{1,3})(?: after ${DURATION})?$`),
    ([, code, after]) => ({ exit: { code: Number(code), afterMs: durationMs(after) } }),
  ],
  [/^run$/, () => ({ exit: null })],
  [/^ignore-term$/, () => ({ ignoresTerm: true })],
  [
    new RegExp(`^term ${DURATION}(?: exit (\\d{1,3}))?$`),
    ([, after, code]) => ({
      termMs: durationMs(after),
      ...(code === undefined ? {} : { termExitCode: Number(code) }),
    }),
  ],
  [new RegExp(`^started after ${DURATION}$`), ([, after]) => ({ startedAfterMs: durationMs(after) })],
  [new RegExp(`^ready after ${DURATION}$`), ([, after]) => ({ readyAfterMs: durationMs(after) })],
  [new RegExp(`^unready after ${DURATION}$`), ([, after]) => ({ unreadyAfterMs: durationMs(after) })],
  [new RegExp(`^dead after ${DURATION}$`), ([, after]) => ({ deadAfterMs: durationMs(after) })],
  [
    new RegExp(`^memory ${QUANTITY}(?: after ${DURATION})?$`),
    ([, quantity, after], before) => ({
      memory: withStep(before.memory, durationMs(after), amountOf("memory", quantity)),
    }),
  ],
  [new RegExp(`^cpu ${QUANTITY}$`), ([, quantity]) => ({ cpuMilli: amountOf("cpu", quantity) })],
  [
    new RegExp(`^disk ${QUANTITY}$`),
    ([, quantity]) => ({ diskBytes: amountOf("ephemeral-storage", quantity) }),
  ],
  [/^inodes (\d+)$/, ([, count]) => ({ inodes: Number(count) })],
  [/^pids (\d+)$/, ([, count]) => ({ pids: Number(count) })],
  [/^fail pull(?: (.+))?$/, ([, text]) => ({ failsPull: text ?? REFUSALS.pull })],
  [/^fail create(?: (.+))?$/, ([, text]) => ({ failsCreate: text ?? REFUSALS.create })],
  [/^fail start(?: (.+))?$/, ([, text]) => ({ failsStart: text ?? REFUSALS.start })],
  [/^print (.+)$/, ([, text]) => ({ output: `${text}\n` })],
];

/**
 * What a text of clauses changes of a behaviour.
 *
 * @throws {PlumbError} InvalidInput for a clause that is none
 */
export function readBehaviour(text: string, base: Behaviour = RUNS_QUIETLY): Behaviour {
  let behaviour = base;
  for (const clause of text.split(";").map((each) => each.trim())) {
    if (clause === "") continue;
    const change = changeOf(clause, behaviour);
    if (change === null)
      throw new PlumbError("InvalidInput", `Cannot read behaviour '${text}': '${clause}' is not a clause`, {
        hint: 'clauses are such as "exit 1 after 5s", "ready after 2s", "memory 50Mi", "ignore-term"',
      });
    behaviour = { ...behaviour, ...change };
  }
  return behaviour;
}

function changeOf(clause: string, before: Behaviour): Change | null {
  for (const [pattern, read] of CLAUSES) {
    const match = pattern.exec(clause);
    if (match !== null) return read(match, before);
  }
  return null;
}

function withStep(steps: readonly MemoryStep[], afterMs: number, bytes: number): readonly MemoryStep[] {
  const others = steps.filter((step) => step.afterMs !== afterMs);
  return [...others, { afterMs, bytes }].sort((a, b) => a.afterMs - b.afterMs);
}

function durationMs(text: string | undefined): number {
  const match = /^([\d.]+)(ms|s|m|h)$/.exec(text ?? "");
  if (match === null) return 0;
  return Number(match[1]) * { ms: 1, s: 1e3, m: 60e3, h: 3600e3 }[match[2] as "ms" | "s" | "m" | "h"];
}
