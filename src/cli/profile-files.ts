// What a CPU profile is written as: V8's own form, folded stacks, and the flame graph page.
import { writeFileSync } from "node:fs";
import { type CpuProfile, foldedStacks } from "../measure/cpu-profile.js";
import { flamegraphHtml, type FlamegraphParts } from "../report/flamegraph/flamegraph-page.js";
import { attempt } from "./output-folder.js";
import type { Terminal } from "./terminal.js";

/** NAME.cpuprofile. @param stem path without an ending; @returns the file's path */
export function writeCpuProfile(stem: string, profile: CpuProfile): string {
  return write(`${stem}.cpuprofile`, JSON.stringify(profile));
}

/** NAME.folded and NAME.flame.html. @returns their paths */
export function writeDerived(stem: string, parts: FlamegraphParts): readonly string[] {
  return [
    write(`${stem}.folded`, `${foldedStacks(parts.profile).join("\n")}\n`),
    write(`${stem}.flame.html`, flamegraphHtml(parts)),
  ];
}

export function noteWritten(files: readonly string[], terminal: Terminal): void {
  for (const file of files) terminal.note(`wrote ${file}`);
}

function write(path: string, text: string): string {
  attempt(path, () => writeFileSync(path, text));
  return path;
}
