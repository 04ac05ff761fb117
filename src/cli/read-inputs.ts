// What a command line names as input, standard input included: anything unreadable is the caller's mistake.
import { readFileSync, statSync } from "node:fs";
import { present } from "../base/assert.js";
import { PlumbError } from "../base/errors.js";
import type { SourceInput } from "../workload/documents.js";
import { loadInputs } from "../workload/inputs.js";

/** Read files, folders and "-". @throws {PlumbError} NotFound, LimitExceeded, InvalidInput for what is no text */
export function readInputs(paths: readonly string[]): SourceInput[] {
  return loadInputs(paths, { stdin: paths.includes("-") ? readStandardInput() : null });
}

/** Read one file or "-". @throws {PlumbError} as readInputs, and NotFound for a folder */
export function readInput(path: string): SourceInput {
  if (path !== "-" && statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new PlumbError("NotFound", `Cannot read '${path}': it is a folder, expected a file`);
  return present(readInputs([path])[0], "one input of one path");
}

function readStandardInput(): Uint8Array {
  try {
    return readFileSync(0);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "EISDIR" ? "it is a folder" : message;
    throw new PlumbError("NotFound", `Cannot read standard input: ${why}`);
  }
}
