// Commands as scripts for the guest's shell (guest-init.sh). A command becomes the function `program`, whose last word
// is exec: what runs is then the program, never a builtin of the shell that has its name.
import { shellWord } from "../../base/shell-word.js";
import type { Command } from "../host/command.js";

/** Run a command to its end: NAME.in is its input where it has one, NAME.out and NAME.err what it said. */
export function runScript(name: string, command: Command): string {
  const input = command.stdin === undefined ? "/dev/null" : `${name}.in`;
  return `${programText(command)}( program ) <${input} >${name}.out 2>${name}.err 3>&-\n`;
}

/** Start a program whose streams are on a serial line; NAME.err is what it says on stderr. */
export function startScript(name: string, command: Command, line: number): string {
  return `${programText(command)}converse ${name} ${line} &\n`;
}

/** Kill a process of the guest. It may be gone already. */
export function killScript(pid: number): string {
  return `kill -KILL ${pid} 2>/dev/null\n`;
}

function programText({ argv, netns }: Command): string {
  const words = netns === undefined ? argv : ["nsenter", `--net=/run/netns/${netns}`, "--", ...argv];
  return `program() { exec ${words.map(shellWord).join(" ")}; }\n`;
}

/** What guest-init.sh is told, as shell variables. */
export function settingsText(settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([name, value]) => `export ${name}=${shellWord(value)}\n`);
  return lines.join("");
}
