// Runs a script step by step: a generator that says what is printed and how long to wait, so that a simulated container
// plays it in simulated time and an endless loop costs nothing between two steps. All its texts are bytes: byte-text.ts.
import type { NameLookup } from "../../protocol/name-lookup.js";
import { type ContainerFiles, resolvePath, WRITTEN_BYTES_MAX } from "./container-files.js";
import { parseShell, type Redirect, type Script, ShellSyntaxError, type Word } from "./parse-shell.js";

export type Step =
  /** Bytes, one character each. */
  | { readonly is: "print"; readonly to: 1 | 2; readonly text: string }
  | { readonly is: "wait"; readonly ms: number }
  /** Answered with the next chunk of standard input, null at its end. */
  | { readonly is: "read" };

/** A process: steps out, chunks of standard input in; ends with an exit code. */
export type Process = Generator<Step, number, string | null>;

/** Longer than any Pod lives. */
export const FOREVER_MS = 10 * 365 * 24 * 3600_000;
/** What a round of a loop takes when nothing in it takes time. */
const ROUND_MS = 10;
const SUBSTITUTION_BYTES_MAX = 64 * 1024;
/** One side of a pipe ends before the other begins: an archive of all that a container can write fits. */
const PIPE_BYTES_MAX = 2 * WRITTEN_BYTES_MAX;

/** What commands read and change. */
export interface Shell {
  readonly env: Map<string, string>;
  readonly files: ContainerFiles;
  readonly hostname: string;
  readonly lookup: NameLookup;
  /** ms since 1970 */
  readonly now: () => number;
  folder: string;
  status: number;
  /** `exit` was called. */
  hasExited: boolean;
  /** `break` and `continue` still to unwind. */
  unwinding: "break" | "continue" | null;
  arguments: readonly string[];
  /** By name, without a folder. */
  readonly commands: ReadonlyMap<string, Command>;
  /** A program that is not among them: not there, or a server that runs until it is stopped. */
  readonly unknown: "not-found" | "server";
}

export type Command = (call: Invocation) => Process | number;

export interface Invocation {
  readonly shell: Shell;
  readonly args: readonly string[];
  /** Of a pipe or a file; null: the process's own. */
  readonly stdin: string | null;
}

/** A command as exec(2) gets it, not yet split by any shell. */
export function* runCommand(shell: Shell, words: readonly string[], stdin: string | null): Process {
  const name = words[0] ?? "";
  const command = shell.commands.get(baseName(name));
  if (command === undefined && shell.unknown === "server") {
    yield { is: "wait", ms: FOREVER_MS };
    return 0;
  }
  if (command === undefined) {
    yield { is: "print", to: 2, text: `sh: ${name}: not found\n` };
    return 127;
  }
  const result = command({ shell, args: words.slice(1), stdin });
  return typeof result === "number" ? result : yield* result;
}

/** A whole text, as `sh -c` runs it. */
export function* runText(shell: Shell, text: string, stdin: string | null): Process {
  let script: Script;
  try {
    script = parseShell(text);
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    yield { is: "print", to: 2, text: `sh: ${error.message}\n` };
    return 2;
  }
  return yield* run(shell, script, stdin);
}

function* run(shell: Shell, script: Script, stdin: string | null): Process {
  if (shell.hasExited || shell.unwinding !== null) return shell.status;
  switch (script.is) {
    case "command":
      shell.status = yield* runSimple(shell, script, stdin);
      break;
    case "pipeline":
      shell.status = yield* runPipeline(shell, script.parts, stdin);
      break;
    case "not":
      shell.status = (yield* run(shell, script.body, stdin)) === 0 ? 1 : 0;
      break;
    case "list":
      yield* runList(shell, script, stdin);
      break;
    case "loop":
      yield* runLoop(shell, script, stdin);
      break;
    case "for":
      yield* runFor(shell, script, stdin);
      break;
    case "if": {
      const branch = (yield* run(shell, script.condition, stdin)) === 0 ? script.body : script.otherwise;
      shell.status = branch === null ? 0 : yield* run(shell, branch, stdin);
      break;
    }
    case "group":
      shell.status = yield* run(script.isSubshell ? withEnv(shell) : shell, script.body, stdin);
      break;
  }
  return shell.status;
}

function* runList(shell: Shell, list: Extract<Script, { is: "list" }>, stdin: string | null): Process {
  let isSkipped = false;
  for (const { script, separator } of list.items) {
    // What goes to the background runs before the rest here: one process has one line of time.
    if (!isSkipped) shell.status = yield* run(shell, script, stdin);
    isSkipped = (separator === "&&" && shell.status !== 0) || (separator === "||" && shell.status === 0);
    if (shell.hasExited) break;
  }
  return shell.status;
}

function* runLoop(shell: Shell, loop: Extract<Script, { is: "loop" }>, stdin: string | null): Process {
  let status = 0;
  for (;;) {
    const holds = (yield* run(shell, loop.condition, stdin)) === 0;
    if (shell.hasExited || holds === loop.until) break;
    status = yield* paced(run(shell, loop.body, stdin));
    if (shell.hasExited || stopsLoop(shell)) break;
  }
  if (!shell.hasExited) shell.status = status;
  return shell.status;
}

function* runFor(shell: Shell, loop: Extract<Script, { is: "for" }>, stdin: string | null): Process {
  for (const value of yield* expandAll(shell, loop.words)) {
    shell.env.set(loop.name, value);
    yield* run(shell, loop.body, stdin);
    if (shell.hasExited || stopsLoop(shell)) break;
  }
  return shell.status;
}

function stopsLoop(shell: Shell): boolean {
  const how = shell.unwinding;
  shell.unwinding = null;
  return how === "break";
}

/** A round that takes no time would never end. */
function* paced(process: Process): Process {
  let hasWaited = false;
  let input: string | null = null;
  for (;;) {
    const next = process.next(input);
    if (next.done) {
      if (!hasWaited) yield { is: "wait", ms: ROUND_MS };
      return next.value;
    }
    hasWaited ||= next.value.is !== "print";
    input = yield next.value;
  }
}

function* runPipeline(shell: Shell, parts: readonly Script[], stdin: string | null): Process {
  let input = stdin;
  for (const part of parts.slice(0, -1))
    input = yield* captured(run({ ...shell }, part, input), PIPE_BYTES_MAX);
  return yield* run({ ...shell }, parts.at(-1) as Script, input);
}

/** What a process prints to standard output. */
function* captured(process: Process, bytesMax: number): Generator<Step, string, string | null> {
  let text = "";
  let input: string | null = null;
  for (;;) {
    const next = process.next(input);
    if (next.done) return text;
    input = null;
    if (next.value.is === "print" && next.value.to === 1) text = (text + next.value.text).slice(0, bytesMax);
    else input = yield next.value;
  }
}

function* runSimple(
  shell: Shell,
  command: Extract<Script, { is: "command" }>,
  stdin: string | null,
): Process {
  const words = yield* expandAll(shell, command.words);
  const local = words.length === 0 ? shell : withEnv(shell);
  for (const { name, value } of command.assignments)
    local.env.set(name, (yield* expand(shell, value, false)).join(" "));
  if (words.length === 0 && command.redirects.length === 0) return 0;
  const outputs = yield* openAll(shell, command.redirects, stdin);
  if (typeof outputs === "string") {
    yield { is: "print", to: 2, text: `sh: can't open ${outputs}: no such file\n` };
    return 1;
  }
  const target = command.assignments.length === 0 ? shell : local;
  if (words.length === 0) return 0;
  return yield* redirected(shell, runCommand(target, words, outputs.stdin), outputs);
}

function withEnv(shell: Shell): Shell {
  return { ...shell, env: new Map(shell.env) };
}

interface Outputs {
  readonly stdin: string | null;
  /** A path, or the descriptor that it goes to. */
  readonly to: Record<1 | 2, string | 1 | 2>;
}

function* openAll(
  shell: Shell,
  redirects: readonly Redirect[],
  stdin: string | null,
): Generator<Step, Outputs | string, string | null> {
  const to: Record<1 | 2, string | 1 | 2> = { 1: 1, 2: 2 };
  let input = stdin;
  for (const { from, mode, target } of redirects) {
    const text = (yield* expand(shell, target, false)).join(" ");
    if (mode === "&") {
      if (from !== 0) to[from] = to[text === "2" ? 2 : 1];
      continue;
    }
    const path = resolvePath(text, shell.folder);
    if (mode === "<") {
      input = shell.files.read(path);
      if (input === null) return text;
      continue;
    }
    if (mode === ">" || !shell.files.isFile(path)) shell.files.write(path, "");
    if (from !== 0) to[from] = path;
  }
  return { stdin: input, to };
}

function* redirected(shell: Shell, process: Process, { to }: Outputs): Process {
  let input: string | null = null;
  for (;;) {
    const next = process.next(input);
    if (next.done) return next.value;
    input = null;
    if (next.value.is !== "print") {
      input = yield next.value;
      continue;
    }
    const target = to[next.value.to];
    if (typeof target === "number") yield { ...next.value, to: target };
    else if (target === "/dev/stdout" || target === "/proc/1/fd/1") yield { ...next.value, to: 1 };
    else if (target === "/dev/stderr" || target === "/proc/1/fd/2") yield { ...next.value, to: 2 };
    else if (!shell.files.write(target, (shell.files.read(target) ?? "") + next.value.text))
      yield { is: "print", to: 2, text: "sh: write error: No space left on device\n" };
  }
}

function* expandAll(shell: Shell, words: readonly Word[]): Generator<Step, string[], string | null> {
  const expanded: string[] = [];
  for (const word of words) expanded.push(...(yield* expand(shell, word, true)));
  return expanded;
}

/** One word becomes none, one or several when what is unquoted in it holds blanks. */
function* expand(shell: Shell, word: Word, splits: boolean): Generator<Step, string[], string | null> {
  const fields: string[] = [];
  let field: string | null = null;
  for (const part of word) {
    if (part.is === "text") {
      field = (field ?? "") + part.text;
      continue;
    }
    const value =
      part.is === "variable"
        ? variable(shell, part.name, part.fallback)
        : part.is === "arithmetic"
          ? String(arithmetic(shell, part.text))
          : (yield* captured(run({ ...shell }, part.script, null), SUBSTITUTION_BYTES_MAX)).replace(
              /\n+$/,
              "",
            );
    if (part.is === "arithmetic" || part.isQuoted || !splits) {
      field = (field ?? "") + value;
      continue;
    }
    const pieces = value.split(/[ \t-\r]+/);
    pieces.forEach((piece, index) => {
      if (index > 0 && field !== null && field !== "") fields.push(field);
      if (index > 0) field = null;
      if (piece !== "") field = (field ?? "") + piece;
    });
  }
  if (field !== null) fields.push(field);
  return fields;
}

function variable(shell: Shell, name: string, fallback: string | null): string {
  if (name === "?") return String(shell.status);
  if (name === "$") return "1";
  if (name === "#") return String(Math.max(0, shell.arguments.length - 1));
  if (name === "@" || name === "*") return shell.arguments.slice(1).join(" ");
  if (/^\d$/.test(name)) return shell.arguments[Number(name)] ?? "";
  if (name === "HOSTNAME" && !shell.env.has(name)) return shell.hostname;
  const value = shell.env.get(name) ?? "";
  return value === "" && fallback !== null ? fallback.replace(/^(["'])(.*)\1$/s, "$2") : value;
}

/** Whole numbers, variables, + - * / % ( ) and comparisons. */
function arithmetic(shell: Shell, text: string): number {
  const tokens = text.match(/\d+|[A-Za-z_]\w*|\$\w+|[<>=!]=|[-+*/%()<>]/g) ?? [];
  let at = 0;
  const primary = (): number => {
    const token = tokens[at++];
    if (token === "(") {
      const value = compare();
      at++;
      return value;
    }
    if (token === "-") return -primary();
    if (token === undefined) return 0;
    return Number(/^\d/.test(token) ? token : variable(shell, token.replace("$", ""), null)) || 0;
  };
  const chain =
    (next: () => number, apply: Readonly<Record<string, (a: number, b: number) => number>>) => () => {
      let value = next();
      for (
        let operator = apply[tokens[at] ?? ""];
        operator !== undefined;
        operator = apply[tokens[at] ?? ""]
      ) {
        at++;
        value = operator(value, next());
      }
      return value;
    };
  const product = chain(primary, {
    "*": (a, b) => a * b,
    "/": (a, b) => (b === 0 ? 0 : Math.trunc(a / b)),
    "%": (a, b) => (b === 0 ? 0 : a % b),
  });
  const sum = chain(product, { "+": (a, b) => a + b, "-": (a, b) => a - b });
  const compare = chain(sum, {
    "<": (a, b) => Number(a < b),
    ">": (a, b) => Number(a > b),
    "<=": (a, b) => Number(a <= b),
    ">=": (a, b) => Number(a >= b),
    "==": (a, b) => Number(a === b),
    "!=": (a, b) => Number(a !== b),
  });
  return compare();
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
