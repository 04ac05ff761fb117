// What a run leaves on disk: result.json, and what is derived from it.
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidArgumentError } from "commander";
import { PlumbError } from "../base/errors.js";
import { readRecord, writeRecord } from "../measure/record-json.js";
import type { RunRecord } from "../measure/run-record.js";
import { kernelCsv, samplesCsv, summaryCsv } from "../report/csv.js";
import { reportHtml } from "../report/html.js";
import { junitXml } from "../report/junit.js";
import { reportMarkdown } from "../report/markdown.js";
import { perfDashFile } from "../report/perf-dash-file.js";
import { attempt, makeOutputFolder } from "./output-folder.js";

/** Format -> files it makes; a file for which the record holds nothing is not written. */
export const FORMATS = {
  html: { "report.html": reportHtml },
  md: { "report.md": reportMarkdown },
  csv: { "samples.csv": samplesCsv, "summary.csv": summaryCsv, "kernel.csv": kernelCsv },
  junit: { "junit.xml": junitXml },
} as const satisfies Record<string, Record<string, (record: RunRecord) => string | null>>;
export type Format = keyof typeof FORMATS;

export function formatList(text: string): readonly Format[] {
  const known = Object.keys(FORMATS);
  return text.split(",").map((name) => {
    if (!known.includes(name)) throw new InvalidArgumentError(`'${name}' is none of ${known.join(", ")}`);
    return name as Format;
  });
}

/** result.json last: a folder that has one is complete. */
export function writeRun(folder: string, record: RunRecord, formats: readonly Format[]): void {
  makeOutputFolder(folder);
  writeFormats(folder, record, formats);
  const perfDash = perfDashFile(record);
  if (perfDash !== null) attempt(folder, () => writeFileSync(join(folder, perfDash.name), perfDash.text));
  attempt(folder, () => writeFileSync(join(folder, "result.json"), writeRecord(record)));
}

export function writeFormats(folder: string, record: RunRecord, formats: readonly Format[]): void {
  for (const format of formats) {
    for (const [file, render] of Object.entries(FORMATS[format])) {
      const text = render(record);
      if (text !== null) attempt(folder, () => writeFileSync(join(folder, file), text));
    }
  }
}

/** A run by its folder or by the path of its result.json. @throws {PlumbError} NotFound, InvalidInput */
export function readRun(path: string): { record: RunRecord; folder: string } {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const file = isFolder ? join(path, "result.json") : path;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new PlumbError("NotFound", `Cannot read run '${path}': ${(error as Error).message}`, {
      hint: "give a folder that plumb run wrote, or its result.json",
    });
  }
  return { record: readRecord({ file, text }), folder: isFolder ? path : join(path, "..") };
}
