// Everything the command line prints goes through here: results to stdout, progress and warnings to stderr.
import pc from "picocolors";
import type { Writable } from "node:stream";

export interface Terminal {
  /** A line of the result. */
  print(line: string): void;
  /** Raw result text, such as a rule document. Resolves when the consumer has taken it. */
  write(chunks: Iterable<string>): Promise<void>;
  /** A line for the person at the screen; never part of the result. */
  note(line: string): void;
  warn(line: string): void;
  /** Replace the progress line on a terminal; elsewhere print it as a plain line when `milestone`. */
  progress(line: string, options: { milestone: boolean }): void;
  readonly width: number;
  readonly color: boolean;
  /** Whether a person is watching stderr. */
  readonly interactive: boolean;
}

interface TerminalStreams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: NodeJS.ProcessEnv;
  readonly quiet: boolean;
}

export function createTerminal({ stdout, stderr, environment, quiet }: TerminalStreams): Terminal {
  const colors = pc.createColors(stderr.isTTY === true && environment["NO_COLOR"] === undefined);
  const interactive = stderr.isTTY === true && environment["CI"] === undefined && !quiet;
  let progressShown = false;
  const clearProgress = () => {
    if (progressShown) stderr.write("\r\u001b[2K");
    progressShown = false;
  };
  return {
    width: stdout.columns || 100,
    color: stdout.isTTY === true && environment["NO_COLOR"] === undefined,
    interactive,
    print(line) {
      clearProgress();
      stdout.write(`${line}\n`);
    },
    async write(chunks) {
      for (const chunk of chunks) await writeFully(stdout, chunk);
    },
    note(line) {
      clearProgress();
      if (!quiet) stderr.write(`${line}\n`);
    },
    warn(line) {
      clearProgress();
      stderr.write(`${colors.yellow("warning:")} ${line}\n`);
    },
    progress(line, { milestone }) {
      if (interactive) {
        stderr.write(`\r\u001b[2K${line.slice(0, (stderr.columns || 100) - 1)}`);
        progressShown = true;
      } else if (milestone && !quiet) stderr.write(`${line}\n`);
    },
  };
}

/** Honour back pressure, so that a 200 MB document does not pile up in memory. */
function writeFully(stream: Writable, chunk: string): Promise<void> | void {
  if (stream.write(chunk)) return;
  return new Promise((resolve) => stream.once("drain", resolve));
}
