// Runs the built command line as a user does, in a process of its own.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What `plumb` starts. */
export const PLUMB_PROGRAM = fileURLToPath(new URL("./main.js", import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function plumb(args: readonly string[], input = ""): Ran {
  const run = spawnSync(process.execPath, [PLUMB_PROGRAM, ...args], {
    input,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "" },
    maxBuffer: 1 << 28,
  });
  return { code: run.status, stdout: run.stdout, stderr: run.stderr };
}
