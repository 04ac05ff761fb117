// plumb preset: the scenarios that come with the program.
import type { Command } from "commander";
import { PlumbError } from "../../base/errors.js";
import type { CommandContext } from "../context.js";
import { loadScenario, presetNames, readPreset } from "../presets.js";

export function registerPreset(program: Command, { terminal }: CommandContext): void {
  const preset = program
    .command("preset")
    .helpCommand(false)
    .description("list, show or export the scenarios that come with plumb")
    .addHelpText(
      "after",
      "\nExamples:\n  plumb preset ls\n  plumb preset show cliff\n  plumb preset export cliff > mine.yaml",
    );
  preset
    .command("ls", { isDefault: true })
    .description("names and purposes")
    .option("--json", "as an array of {name, purpose, cases}")
    .action(({ json }: { json?: boolean }) => {
      const rows = presetNames().map((name) => {
        const { purpose, cases } = loadScenario(name);
        return { name, purpose, cases: cases.length };
      });
      if (json) terminal.print(JSON.stringify(rows));
      else for (const { name, purpose } of rows) terminal.print(`${name.padEnd(18)} ${purpose}`);
    });
  for (const [verb, what] of [
    ["show", "print a preset"],
    ["export", "print a preset as a file to edit"],
  ] as const) {
    preset
      .command(`${verb} <name>`)
      .description(what)
      .action((name: string) => {
        const found = readPreset(name);
        if (found === null)
          throw new PlumbError(
            "NotFound",
            `Cannot ${verb} preset '${name}': there is ${presetNames().join(", ")}`,
          );
        terminal.print(found.text.trimEnd());
      });
  }
}
