// A shell in a container, with the commands that the simulation knows.
import type { ContainerWorld } from "../runtime/runtime-service.js";
import { toBytes } from "./byte-text.js";
import { COMMANDS } from "./commands.js";
import { ContainerFiles, type WrittenFiles } from "./container-files.js";
import { baseName, type Process, runCommand, type Shell } from "./run-shell.js";

export interface ShellOptions {
  readonly world: ContainerWorld;
  /** What the container wrote: read and added to. */
  readonly written: WrittenFiles;
  /** ms since 1970 */
  readonly now: () => number;
  readonly unknown: Shell["unknown"];
}

export function newShell({ world, written, now, unknown }: ShellOptions): Shell {
  return {
    env: new Map(world.env),
    files: new ContainerFiles(world, written),
    hostname: world.hostname,
    lookup: world.lookup,
    now,
    folder: "/",
    status: 0,
    hasExited: false,
    unwinding: null,
    arguments: [],
    commands: COMMANDS,
    unknown,
  };
}

/**
 * A command of a Pod or of an exec.
 *
 * @param stdin null: the process reads chunks as they come
 */
export function startProcess(shell: Shell, command: readonly string[], stdin: string | null): Process {
  return runCommand(shell, command.map(toBytes), stdin);
}

/** Whether the simulation knows what this command does. */
export function isKnownCommand(command: readonly string[]): boolean {
  return COMMANDS.has(baseName(command[0] ?? ""));
}
