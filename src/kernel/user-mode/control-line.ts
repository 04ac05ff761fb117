// The first serial line: names of scripts go in, one after the other is done; what they say comes back, a line each.
// Whoever asks for a message that has come already gets it at once; whoever asks in vain hears of it when the guest ends
// or time is up.
import type { Duplex } from "node:stream";
import { assert } from "../../base/assert.js";
import { PlumbError } from "../../base/errors.js";
import type { Timers } from "../../base/timers.js";
import type { Machine } from "./machine.js";

interface Waiting {
  readonly resolve: (value: string) => void;
  readonly reject: (error: PlumbError) => void;
}

export class ControlLine {
  readonly #machine: Machine;
  readonly #timers: Timers;
  readonly #line: Duplex;
  readonly #arrived = new Map<string, string>();
  readonly #waiting = new Map<string, Waiting>();
  /** Scripts to carry out; the first is under way. */
  #scripts: string[] = [];
  #hasEnded = false;
  #unread = "";

  constructor(machine: Machine, timers: Timers) {
    const [line] = machine.lines;
    assert(line !== undefined, "a machine has a first serial line");
    this.#machine = machine;
    this.#timers = timers;
    this.#line = line;
    line.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    void machine.ended.then(() => this.#end());
  }

  /** Have a script of the control folder carried out, after those sent before. */
  send(script: string): void {
    this.#scripts.push(script);
    if (this.#scripts.length === 1) this.#line.write(`${script}\n`);
  }

  /**
   * The message about a subject: what comes after it, "" for nothing.
   * @param msMax after so long the machine is killed; null for as long as it lives
   * @throws {PlumbError} Internal when the machine ends first
   */
  message(subject: string, msMax: number | null): Promise<string> {
    const arrived = this.#arrived.get(subject);
    this.#arrived.delete(subject);
    if (arrived !== undefined) return Promise.resolve(arrived);
    if (this.#hasEnded) return Promise.reject(this.#failure("it has ended"));
    return new Promise((resolve, reject) => {
      const cancel =
        msMax === null ? () => undefined : this.#timers.after(msMax, () => this.#giveUp(subject, msMax));
      this.#waiting.set(subject, {
        resolve: (value) => {
          cancel();
          resolve(value);
        },
        reject: (error) => {
          cancel();
          reject(error);
        },
      });
    });
  }

  #read(text: string): void {
    const lines = (this.#unread + text).split("\n");
    this.#unread = lines.pop() as string;
    for (const line of lines) {
      const [, subject, value] = /^(ready|\S+ \S+) ?(.*)$/.exec(line) ?? [];
      if (subject === undefined || value === undefined) continue;
      if (subject === `${this.#scripts[0]} done`) this.#sendNext();
      const waiting = this.#waiting.get(subject);
      this.#waiting.delete(subject);
      if (waiting === undefined) this.#arrived.set(subject, value);
      else waiting.resolve(value);
    }
  }

  #sendNext(): void {
    this.#scripts.shift();
    const [next] = this.#scripts;
    if (next !== undefined) this.#line.write(`${next}\n`);
  }

  #giveUp(subject: string, msMax: number): void {
    const waiting = this.#waiting.get(subject);
    this.#waiting.delete(subject);
    waiting?.reject(this.#failure(`no answer in ${msMax / 1000} s`));
    this.#machine.kill();
  }

  #end(): void {
    this.#hasEnded = true;
    for (const { reject } of this.#waiting.values()) reject(this.#failure("it has ended"));
    this.#waiting.clear();
  }

  #failure(why: string): PlumbError {
    return new PlumbError(
      "Internal",
      `Cannot use user-mode Linux: ${why}; it said: ${this.#machine.consoleText || "nothing"}`,
    );
  }
}
