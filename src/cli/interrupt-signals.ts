// Signals that end a run: what is under way may be finished and saved, unless they come twice.
import type { Terminal } from "./terminal.js";

interface Interrupt {
  readonly finish: AbortSignal;
  readonly stopNow: AbortSignal;
  /** What the command ends with: 128 and the signal's number; 0 while there was none. */
  exitCode(): number;
  release(): void;
}

const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Ctrl-C once: finish the block. Twice: stop now. */
export function interruptSignals(terminal: Terminal): Interrupt {
  const finish = new AbortController();
  const stopNow = new AbortController();
  let exitCode = 0;
  const onSignal = (signal: keyof typeof SIGNAL_EXIT_CODES) => {
    exitCode = SIGNAL_EXIT_CODES[signal];
    if (finish.signal.aborted) stopNow.abort();
    else {
      terminal.note("interrupted: finishing this block, then saving what there is; once more stops now");
      finish.abort();
    }
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  const release = () => process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  return { finish: finish.signal, stopNow: stopNow.signal, exitCode: () => exitCode, release };
}
