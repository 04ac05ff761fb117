// All mistakes of a document as one error, one line each, in file order:
//   file:12:5 spec.threshholds: unknown field (did you mean "thresholds"?)
import { PlumbError } from "../errors.js";
import type { Problem } from "./source-tree.js";

export function mistakesError(problems: readonly Problem[], hint?: string): PlumbError {
  const lines = problems
    .slice()
    .sort((a, b) => compareText(a.at.file, b.at.file) || a.at.line - b.at.line || a.at.column - b.at.column)
    .map(
      ({ at, path, message }) =>
        `${at.file}:${at.line}:${at.column}${path === "" ? "" : ` ${path}`}: ${message}`,
    );
  return new PlumbError("InvalidInput", [...new Set(lines)].join("\n"), hint === undefined ? {} : { hint });
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
