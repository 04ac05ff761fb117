// A command that somebody runs in a container: its steps in simulated time, its output and input over the streams.
import type { ProcessStreams } from "../../protocol/node-streams.js";
import type { DueTimes } from "../due-times.js";
import { bytesToChunk, chunkToBytes } from "../shell/byte-text.js";
import type { Process, Shell } from "../shell/run-shell.js";
import { startProcess } from "../shell/shell.js";

const DETACHED_EXIT_CODE = 137;

export interface ExecOptions {
  readonly shell: Shell;
  readonly command: readonly string[];
  readonly isTty: boolean;
  readonly streams: ProcessStreams;
  readonly due: DueTimes;
  /** Resolves when the container ends. */
  readonly ended: Promise<void>;
}

/** @returns the exit code; 137 when the container ended or the client left first */
export async function runExec(options: ExecOptions): Promise<number> {
  const { streams, isTty } = options;
  const isInteractive = isTty && streams.stdin !== null && isShell(options.command);
  const write = writer(streams, isTty);
  const input = streams.stdin === null ? null : streams.stdin[Symbol.asyncIterator]();
  const over = Promise.race([options.ended, aborted(streams.signal)]).then((): typeof OVER => OVER);
  const process: Process = startProcess(options.shell, options.command, input === null ? "" : null);
  let answer: string | null = null;
  for (;;) {
    const next = process.next(answer);
    answer = null;
    if (next.done) return next.value;
    const step = next.value;
    if (step.is === "print") {
      write(step.to, step.text);
      continue;
    }
    if (step.is === "wait" && step.ms <= 0) continue;
    if (step.is === "read" && isInteractive) write(1, prompt(options.shell));
    const what =
      step.is === "wait"
        ? options.due.wait(step.ms).then(() => null)
        : readChunk(input, isInteractive, write);
    const got = await Promise.race([what, over]);
    if (got === OVER) return DETACHED_EXIT_CODE;
    answer = got;
  }
}

const OVER: unique symbol = Symbol("over");

function isShell([name = ""]: readonly string[]): boolean {
  return /(^|\/)(sh|bash|ash|dash)$/.test(name);
}

function prompt(shell: Shell): string {
  return `${shell.folder} # `;
}

type Write = (to: 1 | 2, text: string) => void;

function writer(streams: ProcessStreams, isTty: boolean): Write {
  return (to, text) => {
    const bytes = bytesToChunk(isTty ? text.replaceAll("\n", "\r\n") : text);
    if (to === 1 || isTty) streams.stdout(bytes);
    else streams.stderr(bytes);
  };
}

/** A terminal in raw mode echoes at this end, and gives lines to the process. */
async function readChunk(
  input: AsyncIterator<Uint8Array> | null,
  isInteractive: boolean,
  write: Write,
): Promise<string | null> {
  let line = "";
  for (;;) {
    const next = input === null ? null : await input.next();
    if (next === null || next.done === true) return line === "" ? null : line;
    const text = chunkToBytes(next.value);
    if (!isInteractive) return text;
    for (const char of text) {
      if (char === "\u0004" && line === "") return null;
      if (char === "\u0003") {
        write(1, "^C\n");
        return "\n";
      }
      if (char === "\u007f") {
        if (line !== "") write(1, "\b \b");
        line = line.slice(0, -1);
      } else if (char === "\r" || char === "\n") {
        write(1, "\n");
        return `${line}\n`;
      } else {
        line += char;
        write(1, char);
      }
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
