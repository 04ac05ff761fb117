// What made a record, and what makes it again.
import { spawnSync } from "node:child_process";
import { shellWord } from "../base/shell-word.js";
import { packageRoot } from "../base/source-path.js";

/** The command line that repeats this one: the folder that was written now holds a result, so another is needed. */
export function repeatCommand(argv: readonly string[]): string {
  return `plumb ${withoutOutput(argv).map(shellWord).join(" ")}`;
}

/** A record does not say where it was written: that is where it lies, or was, on a machine that is nobody else's. */
export function withoutOutput(argv: readonly string[]): readonly string[] {
  return argv.filter((word, index) => {
    const before = argv[index - 1];
    if (word === "-o" || word === "--output" || before === "-o" || before === "--output") return false;
    return !word.startsWith("--output=") && !/^-o./.test(word);
  });
}

/** The commit of a checkout; null when this is none, or git is missing. */
export function checkoutCommit(): string | null {
  const run = spawnSync("git", ["-C", packageRoot, "rev-parse", "HEAD"], { encoding: "utf8" });
  return run.status === 0 ? run.stdout.trim() : null;
}
