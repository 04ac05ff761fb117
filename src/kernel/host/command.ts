// One command for a kernel under test, and where such commands are carried out. Plans are lists of commands, made by
// pure functions; a host runs them, or prints them.
import { shellWord } from "../../base/shell-word.js";

/** The program and its arguments. */
export type Argv = readonly [string, ...string[]];

export interface Command {
  readonly argv: Argv;
  /** Network namespace it runs in, by name; absent for the sandbox's own. */
  readonly netns?: string;
  /** What it reads; chunks of text. */
  readonly stdin?: () => Iterable<string>;
}

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Wall time from start to exit, ms; with the cost of entering the namespaces. */
  readonly ms: number;
}

/** A kernel that commands can be given to. Files have the same paths on both sides. */
export interface KernelHost {
  readonly kind: "native" | "user-mode";
  /** Never rejects for a command that fails: its status says so. */
  run(command: Command): Promise<CommandResult>;
  /** A process to talk to over its streams; it dies with the host. */
  start(command: Command): HostProcess;
  close(): Promise<void>;
}

/** A program that runs on while it is fed and read. */
export interface HostProcess {
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: NodeJS.ReadableStream;
  /** When it ended: its status and what it said on stderr. */
  readonly ended: Promise<{ readonly status: number; readonly stderr: string }>;
  kill(): void;
}

/** The command as a shell line that does the same by hand, inside the sandbox. */
export function commandText({ argv, netns, stdin }: Command): string {
  const words = netns === undefined ? argv : ["ip", "netns", "exec", netns, ...argv];
  return `${words.map(shellWord).join(" ")}${stdin === undefined ? "" : " < rules"}`;
}
