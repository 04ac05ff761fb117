// A real network namespace for tests: a process of unshare(1) holds it, nsenter(1) enters it.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { realClock } from "../../base/clock.js";
import type { Argv } from "../host/command.js";
import type { RuleNamespace, ToolResult } from "./case-visits.js";

export interface OutputResult extends ToolResult {
  readonly stdout: string;
}

export interface UnsharedNamespace extends RuleNamespace {
  run(argv: Argv, stdin: readonly string[]): Promise<OutputResult>;
}

/** Why tests with these programs cannot run here; false when they can. */
export function reasonToSkipTools(programs: readonly string[]): string | false {
  if (process.getuid?.() !== 0) return "needs root for a network namespace";
  const probe = spawnSync("unshare", ["-n", "true"], { encoding: "utf8" });
  if (probe.status !== 0) return `needs network namespaces: ${probe.error?.message ?? probe.stderr.trim()}`;
  const missing = programs.filter((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0);
  return missing.length === 0 ? false : `needs ${missing.join(", ")}`;
}

export async function openUnsharedNamespace(): Promise<UnsharedNamespace> {
  // It ends with its standard input, and so with this process.
  const holder = spawn("unshare", ["-n", "sh", "-c", "echo ready; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  return {
    run: (argv, stdin) => runInside(`${holder.pid}`, argv, stdin),
    async close() {
      const closed = once(holder, "close");
      holder.stdin.end();
      await closed;
    },
  };
}

async function runInside(pid: string, argv: Argv, stdin: readonly string[]): Promise<OutputResult> {
  const begin = realClock.milliseconds();
  const child = spawn("nsenter", ["-t", pid, "-n", "--", ...argv], { stdio: "pipe" });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // A program that ends before it has read everything says so by its status.
  child.stdin.on("error", () => undefined);
  for (const chunk of stdin) child.stdin.write(chunk);
  child.stdin.end();
  const [status] = (await once(child, "close")) as [number | null];
  return { status: status ?? 128, stdout, stderr, ms: realClock.milliseconds() - begin };
}
