// Where a compiled module's source tree lies: built files stand in <out>/src/..., their data stays in src/...
import { existsSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds package.json, found upwards from this file. */
export const packageRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));

/** Absolute path of `name`, relative to the *source* of the module whose import.meta.url is given. */
export function sourcePath(moduleUrl: string, name: string): string {
  const [, ...rest] = relative(packageRoot, dirname(fileURLToPath(moduleUrl))).split(sep);
  return join(packageRoot, ...rest, name);
}

function findRoot(start: string): string {
  let folder = start;
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}
