// The C twins as a child process: built on demand, fed one command per line, each answered with its time and result.
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { packageRoot } from "../../src/base/source-path.js";
import { abiHeader } from "./abi-header.js";
import type { Workload } from "./workloads.js";

const SOURCES = ["main.c", "walk.c", "probe.c", "flows.c"];

export interface TwinProgram {
  readonly path: string;
  readonly compiler: string;
}

export interface Timed {
  readonly ns: number;
  readonly result: number;
}

/** Compile the twins with cc -O3. @throws what cc says; @returns null when there is no C compiler */
export function buildTwin(): TwinProgram | null {
  let compiler: string;
  try {
    compiler =
      execFileSync("cc", ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).split(
        "\n",
      )[0] ?? "cc";
  } catch {
    return null;
  }
  const folder = mkdtempSync(join(tmpdir(), "plumb-native-"));
  writeFileSync(join(folder, "abi.h"), abiHeader());
  const path = join(folder, "twin");
  const sources = SOURCES.map((name) => join(packageRoot, "bench/native", name));
  execFileSync("cc", [
    "-std=c11",
    "-O3",
    "-Wall",
    "-Werror",
    "-D_GNU_SOURCE",
    "-I",
    folder,
    "-o",
    path,
    ...sources,
  ]);
  return { path, compiler };
}

/** One process over one copy of a core's memory. */
export class Twin {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor(
    program: TwinProgram,
    memory: Uint8Array,
    at: { readonly context: number; readonly packets: number },
  ) {
    const file = join(mkdtempSync(join(tmpdir(), "plumb-memory-")), "memory");
    writeFileSync(file, memory);
    const args = [file, memory.length, at.context, at.packets].map(String);
    this.#child = spawn(program.path, args, { stdio: "pipe" });
    this.#reader = createInterface(this.#child.stdout);
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Run the workload's kernel `times` times. @returns the time of all of them, and the last one's result */
  async run({ kernel, packets, chain, before }: Workload, times: number): Promise<Timed> {
    this.#child.stdin.write(`${kernel} ${packets.count} ${chain} ${before} ${times}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the C twin ended with code ${this.#child.exitCode} at '${kernel}'`);
    const [ns = 0, result = 0] = value.split(" ").map(Number);
    return { ns, result };
  }

  close(): void {
    this.#child.stdin.end();
    this.#reader.close();
  }
}
