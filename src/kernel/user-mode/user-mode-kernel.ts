// A user-mode Linux as a kernel to give commands to: the port that the native sandbox has, so the same topology, loaders
// and injector run in it. The guest's root is the host's file system, read-only; one folder is writable for both.
// Cost: boot about 1 s. A command 15 ms, in a network namespace 30 ms, most of it starting processes: the way there and
// back takes 1 ms. Times inside cannot be compared with native ones.
import type { Duplex } from "node:stream";
import { assert } from "../../base/assert.js";
import { PlumbError } from "../../base/errors.js";
import type { Timers } from "../../base/timers.js";
import type { Command, CommandResult, HostProcess, KernelHost } from "../host/command.js";
import { ControlFolder } from "./control-folder.js";
import { ControlLine } from "./control-line.js";
import { GuestProgram } from "./guest-program.js";
import { killScript, runScript, startScript } from "./guest-script.js";
import { type BootOptions, Machine } from "./machine.js";

export interface UserModeOptions extends BootOptions {
  /** An existing folder, absolute: the guest may write there and nowhere else. Whoever made it removes it. */
  readonly folder: string;
  readonly timers: Timers;
}

/** Programs that talk at one time. */
const PROCESSES_MAX = 8;
const BOOT_MS_MAX = 30_000;
const COMMAND_MS_MAX = 600_000;

export class UserModeKernel implements KernelHost {
  readonly kind = "user-mode";
  /** From start to taking commands. */
  readonly bootMs: number;
  /** What modprobe said about modules that could not be loaded; empty when all could. */
  readonly moduleErrors: string;
  readonly #machine: Machine;
  readonly #control: ControlLine;
  readonly #files: ControlFolder;
  readonly #timers: Timers;
  /** Numbers of serial lines that no program uses. */
  readonly #free = Array.from({ length: PROCESSES_MAX }, (_, index) => index + 1);
  #names = 0;

  private constructor(
    machine: Machine,
    control: ControlLine,
    files: ControlFolder,
    timers: Timers,
    bootMs: number,
  ) {
    this.#machine = machine;
    this.#control = control;
    this.#files = files;
    this.#timers = timers;
    this.bootMs = bootMs;
    this.moduleErrors = files.take("modprobe.errors").trim();
  }

  /**
   * Boot; this is also the way to find out whether one boots here.
   * @throws {PlumbError} Internal, with what its console said, when it does not come up in 30 s
   */
  static async boot({ installation, folder, timers, ...options }: UserModeOptions): Promise<UserModeKernel> {
    const begin = timers.milliseconds();
    const files = new ControlFolder(folder, installation);
    const init = files.path("init");
    const machine = new Machine({
      installation,
      init,
      folder: files.folder,
      lines: 1 + PROCESSES_MAX,
      ...options,
    });
    const control = new ControlLine(machine, timers);
    try {
      await control.message("ready", BOOT_MS_MAX);
      return new UserModeKernel(machine, control, files, timers, timers.milliseconds() - begin);
    } catch (error) {
      machine.kill();
      await machine.ended;
      files.remove();
      throw error;
    }
  }

  /** @throws {PlumbError} Internal when the guest ends, or the command takes more than ten minutes */
  async run(command: Command): Promise<CommandResult> {
    const name = this.#nextName();
    if (command.stdin !== undefined) this.#files.write(`${name}.in`, [...command.stdin()].join(""));
    const { status, ms } = await this.#carryOut(name, runScript(name, command));
    if (command.stdin !== undefined) this.#files.take(`${name}.in`);
    return { status, stdout: this.#files.take(`${name}.out`), stderr: this.#files.take(`${name}.err`), ms };
  }

  /** @throws {PlumbError} LimitExceeded when eight programs talk already */
  start(command: Command): HostProcess {
    const line = this.#free.pop();
    if (line === undefined)
      throw new PlumbError(
        "LimitExceeded",
        `Cannot start '${command.argv[0]}' in user-mode Linux: its ${PROCESSES_MAX} serial lines are in use`,
      );
    const name = this.#nextName();
    const program = new GuestProgram({
      name,
      line: this.#line(line),
      control: this.#control,
      files: this.#files,
      timers: this.#timers,
      kill: (pid) => this.#kill(pid),
      release: () => this.#free.push(line),
    });
    this.#files.write(name, startScript(name, command, line));
    this.#control.send(name);
    return program;
  }

  /** Kills it: nothing in it is worth saving. Also while commands are under way; those then reject. */
  async close(): Promise<void> {
    this.#machine.kill();
    await this.#machine.ended;
    this.#files.remove();
  }

  async #carryOut(name: string, script: string): Promise<{ status: number; ms: number }> {
    this.#files.write(name, script);
    const begin = this.#timers.milliseconds();
    this.#control.send(name);
    const status = Number(await this.#control.message(`${name} done`, COMMAND_MS_MAX));
    const ms = this.#timers.milliseconds() - begin;
    this.#files.take(name);
    return { status, ms };
  }

  #kill(pid: number): void {
    const name = this.#nextName();
    // A guest that has ended has nothing left to kill.
    this.#carryOut(name, killScript(pid)).catch(() => undefined);
  }

  #line(number: number): Duplex {
    const line = this.#machine.lines[number];
    assert(line !== undefined, `no serial line ${number}`);
    return line;
  }

  #nextName(): string {
    return `c${this.#names++}`;
  }
}
