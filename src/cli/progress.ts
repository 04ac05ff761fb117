// Progress of a run as text: a bar with the time left on a terminal, a plain line per block elsewhere.
import type { Progress } from "../experiment/executor.js";
import type { Terminal } from "./terminal.js";

const BAR_CELLS = 24;

/** Shows progress on the given terminal; call it for every event of the executor. */
export function progressReporter(terminal: Terminal): (progress: Progress) => void {
  return (progress) => {
    const text = terminal.interactive ? progressBar(progress) : progressLine(progress);
    terminal.progress(text, { milestone: progress.blockDone });
  };
}

/** "[######------] 42/96  block 3/6  mode=iptables services=1000  12 s left" */
function progressBar({ done, total, block, blocks, caseId, remainingNs }: Progress): string {
  const filled = total === 0 ? 0 : Math.floor((done / total) * BAR_CELLS);
  const bar = `[${"#".repeat(filled)}${"-".repeat(BAR_CELLS - filled)}]`;
  return `${bar} ${done}/${total}  block ${block + 1}/${blocks}  ${caseId}  ${timeLeft(remainingNs)}`.trimEnd();
}

function progressLine({ done, total, block, blocks, remainingNs }: Progress): string {
  return `block ${block + 1}/${blocks} done, ${done}/${total} samples, ${timeLeft(remainingNs)}`.replace(
    /, $/,
    "",
  );
}

function timeLeft(remainingNs: number | null): string {
  if (remainingNs === null) return "";
  const seconds = Math.ceil(remainingNs / 1e9);
  return seconds < 90 ? `${seconds} s left` : `${Math.ceil(seconds / 60)} min left`;
}
