// Files, folders and standard input -> texts. The only place of this folder that reads anything.
import { isUtf8 } from "node:buffer";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { PlumbError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { SourceInput } from "./documents.js";

/** Files that a folder is searched for, at any depth. Named files may be called anything. */
const OBJECT_FILE = /\.(ya?ml|json)$/i;

/**
 * Read what was named: "-" is standard input, a folder stands for its *.yaml, *.yml and *.json files in sorted order.
 *
 * @param stdin the text or bytes of standard input; null when there is none
 * @throws {PlumbError} NotFound, LimitExceeded, or InvalidInput for what is no UTF-8 text
 */
export function loadInputs(
  paths: readonly string[],
  { stdin }: { stdin: string | Uint8Array | null },
): SourceInput[] {
  return paths.flatMap((path) => (path === "-" ? [stdinInput(stdin)] : filesOf(path).map(readInput)));
}

function stdinInput(stdin: string | Uint8Array | null): SourceInput {
  if (stdin === null)
    throw new PlumbError("InvalidInput", "Cannot read '-': nothing comes from standard input");
  return { file: "-", text: typeof stdin === "string" ? stdin : decode("-", stdin) };
}

function filesOf(path: string): string[] {
  const stat = attempt(path, () => statSync(path));
  if (!stat.isDirectory()) return [path];
  const files = filesBelow(path).sort();
  if (files.length > 0) return files;
  throw new PlumbError("NotFound", `Cannot read '${path}': the folder holds no *.yaml, *.yml or *.json file`);
}

/** Links to files are followed, links to folders are not: they may lead back up. */
function filesBelow(folder: string): string[] {
  const entries = attempt(folder, () => readdirSync(folder, { withFileTypes: true }));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return OBJECT_FILE.test(entry.name) && attempt(path, () => statSync(path)).isFile() ? [path] : [];
  });
}

function readInput(file: string): SourceInput {
  const bytes = attempt(file, () => {
    const size = statSync(file).size;
    if (size > LIMITS.INPUT_BYTES_MAX) {
      throw new PlumbError(
        "LimitExceeded",
        `Cannot read '${file}': ${size} bytes, limit ${LIMITS.INPUT_BYTES_MAX}`,
      );
    }
    return readFileSync(file);
  });
  return { file, text: decode(file, bytes) };
}

/** Run a file operation; its failure is the caller's mistake, named after the path. */
function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof PlumbError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new PlumbError("NotFound", `Cannot read '${path}': there is no such file or folder`);
    }
    throw new PlumbError(
      "NotFound",
      `Cannot read '${path}': ${code === "EACCES" ? "permission denied" : message}`,
    );
  }
}

function decode(file: string, bytes: Uint8Array): string {
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes);
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const what = isUtf16 ? "UTF-16 text" : isGzip ? "gzip-compressed data" : "bytes that are no UTF-8";
  throw new PlumbError("InvalidInput", `${what}, expected UTF-8 text`, {
    position: firstBadByte(file, bytes),
  });
}

/** Where UTF-8 ends. No newline lies within a character, so lines can be tried one by one. Columns count bytes. */
function firstBadByte(file: string, bytes: Uint8Array): { file: string; line: number; column: number } {
  let start = 0;
  for (let line = 1; ; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    const text = bytes.subarray(start, end);
    if (!isUtf8(text)) return { file, line, column: validPrefixBytes(text) + 1 };
    start = end + 1;
  }
}

function validPrefixBytes(line: Uint8Array): number {
  let valid = 0;
  for (let length = 1; length <= line.length && length - valid <= 4; length++) {
    if (isUtf8(line.subarray(valid, length))) valid = length;
  }
  return valid;
}
