// A program of the guest that runs on while it is talked to, as a process of here: its streams are a serial line's.
// What it reads goes in files that are named on the line (guest-init.sh says why); what it writes comes as it is, and
// ends when the guest says so on another line, so the last of it is waited for.
// Cost: 100 ms to start and end one, 14 ms a file of input, which takes all that was written in the meantime.
import { type Duplex, PassThrough } from "node:stream";
import { delay, type Timers } from "../../base/timers.js";
import type { HostProcess } from "../host/command.js";
import type { ControlFolder } from "./control-folder.js";
import type { ControlLine } from "./control-line.js";

const START_MS_MAX = 30_000;
const INPUT_BYTES_MAX = 1 << 20;

interface GuestProgramParts {
  /** What the control line calls it. */
  readonly name: string;
  readonly line: Duplex;
  readonly control: ControlLine;
  readonly files: ControlFolder;
  readonly timers: Timers;
  readonly kill: (pid: number) => void;
  /** Its serial line may be another's. */
  readonly release: () => void;
}

export class GuestProgram implements HostProcess {
  readonly stdin = new PassThrough({ highWaterMark: INPUT_BYTES_MAX });
  readonly stdout = new PassThrough();
  readonly ended: Promise<{ readonly status: number; readonly stderr: string }>;
  readonly #parts: GuestProgramParts;
  /** Null until it has started. */
  #pid: number | null = null;
  #isKilled = false;
  #hasEnded = false;
  #chunksSeen = 0;
  #wake: () => void = () => undefined;

  /** To be made before its script is sent. */
  constructor(parts: GuestProgramParts) {
    this.#parts = parts;
    for (const event of ["readable", "end", "close"]) this.stdin.on(event, () => this.#wake());
    // A program that ends before it has read everything says so by its status.
    this.stdin.on("error", () => undefined);
    this.ended = this.#live().catch((error: unknown) => {
      this.stdout.end();
      this.stdin.destroy();
      return { status: 128, stderr: error instanceof Error ? error.message : `${error}` };
    });
  }

  kill(): void {
    this.#isKilled = true;
    if (this.#pid !== null) this.#parts.kill(this.#pid);
  }

  async #live(): Promise<{ status: number; stderr: string }> {
    const { name, line, control, files } = this.#parts;
    const take = (chunk: Buffer) => {
      this.#chunksSeen++;
      this.stdout.write(chunk);
    };
    line.on("data", take);
    this.#pid = Number(await control.message(`${name} started`, START_MS_MAX));
    if (this.#isKilled) this.kill();
    const fed = this.#feed();
    // Waited for below; when the guest ends, the other wait says so first.
    fed.catch(() => undefined);
    const status = Number(await control.message(`${name} ended`, null));
    await this.#lastOutput();
    line.off("data", take);
    this.stdout.end();
    this.#hasEnded = true;
    this.stdin.destroy();
    await fed;
    await control.message(`${name} heard`, null);
    this.#parts.release();
    files.take(name);
    return { status, stderr: files.take(`${name}.err`) };
  }

  /** Hand on what is written, until its end or the program's. */
  async #feed(): Promise<void> {
    const { name, line, control, files } = this.#parts;
    for (let count = 0; ; count++) {
      const bytes = await this.#input();
      if (bytes === null) break;
      const file = `${name}.in${count}`;
      files.write(file, bytes);
      line.write(`${file}\n`);
      await control.message(`${name} took`, null);
      files.take(file);
    }
    line.write("end\n");
  }

  /** Everything written so far, at least a byte; null at the end. */
  async #input(): Promise<Buffer | null> {
    for (;;) {
      if (this.#hasEnded || this.stdin.readableEnded) return null;
      const bytes = this.stdin.read() as Buffer | null;
      if (bytes !== null) return bytes;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** All of it is in the socket by now: once a whole turn of the event loop brings nothing, there is no more. */
  async #lastOutput(): Promise<void> {
    let before: number;
    await delay(this.#parts.timers, 0);
    do {
      before = this.#chunksSeen;
      await delay(this.#parts.timers, 0);
    } while (before !== this.#chunksSeen);
  }
}
