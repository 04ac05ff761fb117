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
export function forkSample(
  request: SampleRequest,
  stopNow: AbortSignal,
  options: ForkOptions = {},
): Promise<SampleResult> {
  return new Promise((resolve, reject) => {
    const child = fork(SAMPLE_PROGRAM, [], {
      execArgv: [...(options.execArgv ?? [])],
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
    child.on("close", (code, signal) => {
      if (reply?.kind === "result") resolve(reply.result);
      else if (reply?.kind === "error") reject(new PlumbError("Internal", reply.message));
      else {
        const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
        const said = lastWords.trim() === "" ? "it said nothing" : lastWords.trim();
        reject(
          new PlumbError(
            "Internal",
            `Cannot measure '${request.case.id}': the sample process ended with ${how}: ${said}`,
          ),
        );
      }
    });
    child.send(request);
  });
}
