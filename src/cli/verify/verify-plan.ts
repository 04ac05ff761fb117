// `plumb verify --dry-run`: every command, in order, with what it is given.
import { plannedCommands } from "../../experiment/verify-kernel/verify-kernel.js";
import { type Command, commandText } from "../../kernel/host/command.js";
import type { KernelPath } from "../../measure/kernel-record.js";
import type { KernelPlan } from "./kernel-hosts.js";
import type { Terminal } from "../terminal.js";
import { clusterOf, type Subject } from "./verify-subject.js";

export interface PlanOptions {
  readonly seed: number;
  readonly flows: number;
  readonly timing?: boolean;
}

/** What would be run inside the sandbox, and inside the user-mode Linux. */
export function printPlan(
  { name, scenario }: Subject,
  { nativePaths, userMode, missing }: KernelPlan,
  { seed, flows, timing }: PlanOptions,
  { print, note }: Terminal,
): void {
  const cluster = clusterOf(name, scenario);
  const paths: readonly KernelPath[] = [...nativePaths, ...(userMode === null ? [] : (["ipvs"] as const))];
  for (const { title, commands } of plannedCommands(paths, { cluster, seed, flows })) {
    print(`# ${title}`);
    for (const command of commands) for (const line of planLines(command)) print(line);
    print("exchange < packets > what came out");
  }
  if (timing)
    note("--timing: nodes made in the same way, larger; rules timed by pace, loaded anew by the same tools");
  for (const { what, reason, detail } of missing) note(`not verified: ${what} (${reason}): ${detail}`);
}

/** Rules longer than this are counted, not shown: plumb compile prints them. */
const LINES_SHOWN = 20;

function planLines(command: Command): readonly string[] {
  const { stdin } = command;
  if (stdin === undefined) return [commandText(command)];
  const lines = [...stdin()].join("").trimEnd().split("\n");
  const opening = commandText(command).replace(/ < rules$/, "");
  if (lines.length > LINES_SHOWN) return [`${opening}    # ${lines.length} lines of rules`];
  return [`${opening} <<'END'`, ...lines, "END"];
}
