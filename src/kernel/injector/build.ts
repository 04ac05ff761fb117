// The injector's programs, compiled on first use with the machine's C compiler and kept in a cache folder under a name
// made of their source: a change of source or compiler never runs an old binary.
// Why C and not calls into libc from Node: README.md.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { PlumbError } from "../../base/errors.js";
import { sourcePath } from "../../base/source-path.js";

export type Program = "exchange" | "pace";

const COMPILER = "cc";
/** Checksums are computed over packets as 16-bit words. */
const FLAGS = ["-O2", "-fno-strict-aliasing", "-Wall", "-Wextra", "-Werror"];

/**
 * Absolute path of a program, compiled if it is not yet. Cost: about 0.3 s the first time.
 * @throws {PlumbError} ToolMissing without a compiler, Internal when it fails
 */
export function injectorProgram(program: Program): string {
  const source = sourcePath(import.meta.url, `${program}.c`);
  const binary = join(
    cacheFolder(),
    `${program}-${digest([source, sourcePath(import.meta.url, "namespaces.h")])}`,
  );
  if (existsSync(binary)) return binary;
  mkdirSync(cacheFolder(), { recursive: true, mode: 0o700 });
  const unfinished = `${binary}.${process.pid}`;
  const run = spawnSync(COMPILER, [...FLAGS, "-o", unfinished, source], { encoding: "utf8" });
  if (run.error !== undefined)
    throw new PlumbError("ToolMissing", `Cannot compile '${source}': there is no ${COMPILER} on PATH`, {
      hint: "install a C compiler (Debian: gcc libc6-dev)",
    });
  if (run.status !== 0) throw new PlumbError("Internal", `Cannot compile '${source}': ${run.stderr}`);
  renameSync(unfinished, binary);
  return binary;
}

function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "plumbline");
}

function digest(files: readonly string[]): string {
  const hash = createHash("sha256").update(FLAGS.join(" "));
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}
