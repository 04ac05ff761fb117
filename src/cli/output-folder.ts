// Folders that results go to. They are made before any work is done: an hour's run must not end in "permission denied".
import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { PlumbError } from "../base/errors.js";

/**
 * Make a folder, and those above it that are missing, and see that it can be written to.
 *
 * @throws {PlumbError} Usage when it cannot be made, is no folder, or may not be written to
 */
export function makeOutputFolder(path: string): string {
  if (path === "") throw new PlumbError("Usage", "Cannot write into '': expected the name of a folder");
  const folder = resolve(path);
  attempt(path, () => {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  });
  return folder;
}

/** Run a file operation on what lies in or above an output folder; its failure is named after the folder. */
export function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof PlumbError || code === undefined) throw error;
    throw new PlumbError("Usage", `Cannot write into '${path}': ${REASONS[code] ?? message}`, {
      hint: "give -o a folder that is there and writable, or that can be made",
    });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  EEXIST: "it is a file, expected a folder",
  ENOTDIR: "a part of the path is a file, expected a folder",
  ENOENT: "the folder cannot be made there",
  ENOSPC: "no space left on the device",
};

/** One level at a time: mkdir's own recursion never returns where a parent exists and refuses children, as /proc. */
function makeFolder(folder: string): void {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return;
  if (stat === undefined && dirname(folder) !== folder) makeFolder(dirname(folder));
  mkdirSync(folder);
}
