// Which lines of a container's log a reader gets, and in what form.
// Source: kubernetes pkg/kubelet/kuberuntime/logs, CRI log format.
import type { LogRequest } from "../../protocol/node-streams.js";
import type { ContainerLog, LogLine } from "../runtime/container-log.js";

type LogWindow = Pick<LogRequest, "tailLines" | "sinceSeconds" | "sinceTime">;

/** Lines that are there now. */
function selectLines(lines: readonly LogLine[], window: LogWindow, nowMs: number): readonly LogLine[] {
  const sinceMs =
    window.sinceTime !== null
      ? Date.parse(window.sinceTime)
      : window.sinceSeconds !== null
        ? nowMs - window.sinceSeconds * 1000
        : Number.NEGATIVE_INFINITY;
  const recent = lines.filter((line) => line.atMs >= sinceMs);
  if (window.tailLines === null || window.tailLines >= recent.length) return recent;
  return window.tailLines === 0 ? [] : recent.slice(-window.tailLines);
}

function lineText(line: LogLine, withTimestamp: boolean): string {
  if (!withTimestamp) return line.text;
  return `${new Date(line.atMs).toISOString().slice(0, -1)}000000Z ${line.text}`;
}

export interface LogReading extends LogRequest {
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** What is there, then (when followed) what comes, until the process ends or the reader leaves. */
export async function* readLog(log: ContainerLog | null, reading: LogReading): AsyncGenerator<Uint8Array> {
  let leftBytes = reading.limitBytes ?? Number.POSITIVE_INFINITY;
  const queue: LogLine[] = [...selectLines(log?.lines() ?? [], reading, reading.nowMs)];
  let isOver = !reading.follow || log === null || log.isClosed;
  let wake = () => {};
  const stop = isOver
    ? () => {}
    : (log as ContainerLog).follow((line) => {
        if (line === null) isOver = true;
        else queue.push(line);
        wake();
      });
  const leave = () => wake();
  reading.signal.addEventListener("abort", leave);
  try {
    while (leftBytes > 0 && !reading.signal.aborted) {
      if (queue.length > 0) {
        const chunk = Buffer.from(
          queue
            .splice(0)
            .map((line) => lineText(line, reading.timestamps))
            .join(""),
        );
        const part = chunk.subarray(0, Math.min(chunk.length, leftBytes));
        leftBytes -= part.length;
        yield part;
      } else if (isOver) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    stop();
    reading.signal.removeEventListener("abort", leave);
  }
}
