// What every command is handed.
import type { Terminal } from "./terminal.js";

export interface CommandContext {
  readonly terminal: Terminal;
  readonly argv: readonly string[];
  /** Set by a command that finished but found something: a breached threshold, a regression. */
  exitCode: number;
}
