// plumb report: make a stored run's pages again. Measures nothing.
import type { Command } from "commander";
import { formatTable } from "../../report/terminal.js";
import type { CommandContext } from "../context.js";
import { FORMATS, type Format, formatList, readRun, writeFormats } from "../run-folder.js";

interface ReportOptions {
  readonly format: readonly Format[];
  readonly json?: boolean;
}

export function registerReport(program: Command, { terminal }: CommandContext): void {
  program
    .command("report <run...>")
    .description("render stored runs again from their result.json")
    .option("--format <list>", `which files: ${Object.keys(FORMATS).join(",")}`, formatList, [
      "html",
      "md",
      "csv",
    ])
    .option("--json", "print the stored results instead of a table")
    .addHelpText(
      "after",
      "\nExamples:\n  plumb report reports/quick-2026-01-01-120000\n  plumb report reports/* --format md",
    )
    .action((runs: string[], { format, json }: ReportOptions) => {
      for (const path of runs) {
        const { record, folder } = readRun(path);
        writeFormats(folder, record, format);
        terminal.print(
          json
            ? JSON.stringify(record)
            : formatTable(record, { width: terminal.width, color: terminal.color }),
        );
        terminal.note(`wrote ${format.join(", ")} into ${folder}`);
      }
    });
}
