// The processes of the proxy and of the backends, as the measuring process sees them. Each is one of its own so that its
// CPU time is its own.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PlumbError } from "../../base/errors.js";

export const PROXY_PROGRAM = fileURLToPath(new URL("./proxy-process.js", import.meta.url));
export const ECHO_PROGRAM = fileURLToPath(new URL("./echo-process.js", import.meta.url));
const STDERR_KEPT = 2000;

/** A process that answers requests in order, and ends when this one does. */
export class Program<E extends { [K in keyof E]: { readonly ask: object; readonly answer: object } }> {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve(answer: object): void; reject(error: Error): void }[] = [];
  readonly #ended: Promise<void>;
  #failure: PlumbError | null = null;

  constructor(file: string) {
    this.#child = fork(file, [], {
      execArgv: [],
      // A profiler that injects itself through NODE_OPTIONS would be measured too.
      env: { ...process.env, NODE_OPTIONS: "" },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      // Ctrl-C goes to the terminal's whole process group: what to do about it is decided here.
      detached: true,
    });
    let lastWords = "";
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-STDERR_KEPT);
    });
    this.#child.on("message", (answer) => this.#waiting.shift()?.resolve(answer as object));
    this.#ended = new Promise((resolve) => {
      const end = (how: string) => {
        const said = lastWords.trim() || "it said nothing";
        this.#fail(new PlumbError("Internal", `Cannot go on with '${file}': ${how}: ${said}`));
        resolve();
      };
      this.#child.once("error", (error) => end(error.message));
      this.#child.once("close", (code, signal) => end(`it ended with ${signal ?? code}`));
    });
  }

  /** @throws {PlumbError} Internal when the process has ended or ends before it answers */
  ask<K extends keyof E & string>(kind: K, question: E[K]["ask"]): Promise<E[K]["answer"]> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      this.#waiting.push({ resolve, reject });
      // A process that is gone is told by its end, not by the broken pipe.
      this.#child.send({ kind, ...question }, () => undefined);
    });
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  #fail(error: PlumbError): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
