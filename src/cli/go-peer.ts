// The peer program in Go, bench/peers/kube-scheduler: built once into the build folder, then run on one document at a
// time. The first build downloads upstream's modules through Go's own proxy and takes minutes.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { present } from "../base/assert.js";
import { PlumbError } from "../base/errors.js";
import { packageRoot } from "../base/source-path.js";
import type { Peer } from "../experiment/verify-scheduler/peer-protocol.js";
import type { Terminal } from "./terminal.js";

const SOURCE = join(packageRoot, "bench", "peers", "kube-scheduler");
const PROGRAM = join(
  packageRoot,
  "build",
  "peers",
  process.platform === "win32" ? "kube-scheduler.exe" : "kube-scheduler",
);
const STDERR_KEPT = 2000;

/** How to get what is missing. */
export const GO_HINT =
  "install Go 1.26 or later (https://go.dev/dl), put it on PATH, and allow https://proxy.golang.org for the first build";

/** "go version go1.26.8 linux/amd64", or null where there is none. */
export function findGo(): string | null {
  const run = spawnSync("go", ["version"], { encoding: "utf8" });
  return run.error === undefined && run.status === 0 ? run.stdout.trim() : null;
}

/**
 * The peer, built when it is not there or older than its source.
 *
 * @throws {PlumbError} Internal when it cannot be built, with what the compiler says
 */
export async function buildPeer(terminal: Terminal): Promise<Peer> {
  if (isStale()) {
    const text = "building upstream's kube-scheduler (minutes the first time, seconds later)";
    terminal.progress(text, { milestone: true });
    mkdirSync(join(PROGRAM, ".."), { recursive: true });
    await runProgram("go", ["build", "-o", PROGRAM, "."], { cwd: SOURCE, input: "" });
  }
  return (input) => runProgram(PROGRAM, [], { cwd: SOURCE, input });
}

function isStale(): boolean {
  if (!existsSync(PROGRAM)) return true;
  const builtMs = statSync(PROGRAM).mtimeMs;
  const sources = readdirSync(SOURCE).filter((name) => /\.(go|mod|sum)$/.test(name));
  return sources.some((name) => statSync(join(SOURCE, name)).mtimeMs > builtMs);
}

/** What the program prints. */
function runProgram(
  program: string,
  args: readonly string[],
  { cwd, input }: { readonly cwd: string; readonly input: string },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { cwd, stdio: ["pipe", "pipe", "pipe"] });
    const printed: Buffer[] = [];
    let lastWords = "";
    child.stdout.on("data", (bytes: Buffer) => printed.push(bytes));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-STDERR_KEPT);
    });
    child.on("error", (error) => reject(failed(program, error.message)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(printed).toString("utf8"));
      else
        reject(
          failed(
            program,
            `it ended with ${signal ?? `exit code ${present(code, "code")}`}: ${lastWords.trim()}`,
          ),
        );
    });
    // A program that ends before it has read everything is told by its end, not by the broken pipe.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

function failed(program: string, why: string): PlumbError {
  return new PlumbError("Internal", `Cannot run '${program}': ${why}`);
}
