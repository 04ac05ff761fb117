// Takes one sample in a process of its own, so that neither the JIT nor the heap of one sample reaches the next.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PlumbError } from "../base/errors.js";
import type { SampleReply, SampleRequest, SampleResult } from "./sample-types.js";

/** The program that takes a sample; it also runs by itself, see its head. */
export const SAMPLE_PROGRAM = fileURLToPath(new URL("./sample-process.js", import.meta.url));
const STDERR_KEPT = 2000;

export interface ForkOptions {
  /** Node flags for the process, such as --cpu-prof. */
  readonly execArgv?: readonly string[];
}

/** @throws {PlumbError} Internal when the process dies without an answer; its last words are in the message. */
export async function forkSample(
  request: SampleRequest,
  stopNow: AbortSignal,
  options: ForkOptions = {},
): Promise<SampleResult> {
  const first = await forkOnce(request, stopNow, options);
  // Between its birth and its leaving the process group a sample can still be met by Ctrl-C: it has measured nothing.
  const end = isInterrupted(first) && !stopNow.aborted ? await forkOnce(request, stopNow, options) : first;
  if (end.reply?.kind === "result") return end.reply.result;
  if (end.reply?.kind === "error") throw new PlumbError("Internal", end.reply.message);
  const how = end.signal === null ? `exit code ${end.code}` : `signal ${end.signal}`;
  const said = end.lastWords === "" ? "it said nothing" : end.lastWords;
  throw new PlumbError(
    "Internal",
    `Cannot measure '${request.case.id}': the sample process ended with ${how}: ${said}`,
  );
}

/** How a sample process ended. */
interface SampleEnd {
  readonly reply: SampleReply | null;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lastWords: string;
}

function isInterrupted({ reply, signal }: SampleEnd): boolean {
  return reply === null && (signal === "SIGINT" || signal === "SIGTERM");
}

/**
 * A sample that schedules Pods collects garbage before its window, as upstream's benchmark does; and its Pods live long, so that a
 * small young generation would copy each of them twice: seen to cost 7% of the rate.
 */
function flagsOf({ case: { kind } }: SampleRequest): readonly string[] {
  return kind === "packets" ? [] : ["--expose-gc", "--max-semi-space-size=64"];
}

function forkOnce(request: SampleRequest, stopNow: AbortSignal, options: ForkOptions): Promise<SampleEnd> {
  return new Promise((resolve, reject) => {
    const child = fork(SAMPLE_PROGRAM, [], {
      execArgv: [...flagsOf(request), ...(options.execArgv ?? [])],
      // A profiler that injects itself through NODE_OPTIONS would be measured too.
      env: { ...process.env, NODE_OPTIONS: "" },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      // Ctrl-C goes to the terminal's whole process group: the sample under way must outlive the first one.
      detached: true,
      signal: stopNow,
      killSignal: "SIGKILL",
    });
    let reply: SampleReply | null = null;
    let lastWords = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-STDERR_KEPT);
    });
    child.on("message", (message) => {
      reply = message as SampleReply;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ reply, code, signal, lastWords: lastWords.trim() }));
    // A process that is gone before the request reaches it is told by its end, not by the broken pipe.
    child.send(request, () => undefined);
  });
}
