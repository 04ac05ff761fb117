// The process that is a user-mode Linux: how it is started, what it says, and how it ends with everything it started.
//
//   this process ==== watch ====> sh: cat; kill the process group        one group: the shell, the kernel and the
//          \\======= serial lines ====> taskset linux.uml                 processes it runs its guest's programs in
//
// Why the watch: a user-mode kernel killed by itself leaves its guest's processes running. The shell waits for the end
// of a pipe from here, however it comes, and then kills the whole group.
// Why on one CPU: a system call of the guest is a switch between two host processes; on two CPUs it takes 60 us, on one 15.
// Serial lines and not polled files: a command is taken up at once, and a waiting guest takes no CPU.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, statfsSync } from "node:fs";
import type { Duplex, Readable } from "node:stream";
import type { UserModeInstallation } from "./installation.js";

/** Which kernel boots, and with what. */
export interface BootOptions {
  readonly installation: UserModeInstallation;
  /** 10,000 services with their rules take about 100. */
  readonly memoryMiB: number;
  /** Further ones: "ip_vs.conn_tab_bits=20". */
  readonly kernelArguments: readonly string[];
}

interface MachineOptions extends BootOptions {
  /** Absolute path of the program that is process 1. */
  readonly init: string;
  /** Where the kernel keeps its control socket. */
  readonly folder: string;
  /** Serial lines, numbered from 0. */
  readonly lines: number;
}

/** Standard input, output and error, then the watch; serial lines follow. */
const WATCH = 3;
const WATCHED = `{ cat <&${WATCH} >/dev/null 2>&1; kill -KILL 0; } & exec "$@" ${WATCH}<&-`;
const SAID_CHARS = 8192;
const SHARED_MEMORY = "/dev/shm";

export class Machine {
  /** Resolves when no process of it is left. */
  readonly ended: Promise<void>;
  readonly lines: readonly Duplex[];
  readonly #watch: Duplex;
  #said = "";

  constructor(options: MachineOptions) {
    const child = start(options);
    const streams = child.stdio as unknown as readonly Duplex[];
    this.#watch = streams[WATCH] as Duplex;
    this.lines = streams.slice(WATCH + 1);
    for (const stream of [this.#watch, ...this.lines]) stream.on("error", () => undefined);
    for (const stream of [child.stdout, child.stderr] as Readable[])
      stream.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
    this.ended = new Promise((resolve) => {
      child.on("error", (error) => {
        this.#hear(error.message);
        resolve();
      });
      child.on("exit", () => this.kill());
      child.on("close", () => resolve());
    });
  }

  /** The last of what the kernel and its console said. */
  get consoleText(): string {
    return this.#said.replaceAll("\r", "").trim();
  }

  /** To be called more than once if need be; `ended` tells when it is done. */
  kill(): void {
    this.#watch.destroy();
  }

  #hear(text: string): void {
    this.#said = (this.#said + text).slice(-SAID_CHARS);
  }
}

function start(options: MachineOptions): ChildProcess {
  const argv = [
    "taskset",
    "-c",
    `${lastAllowedCpu()}`,
    options.installation.binary,
    ...kernelArguments(options),
  ];
  const stdio = ["ignore", ...Array.from({ length: WATCH + options.lines }, () => "pipe" as const)] as const;
  const env = { ...process.env, TMPDIR: fitsSharedMemory(options) ? SHARED_MEMORY : options.folder };
  return spawn("sh", ["-c", WATCHED, "sh", ...argv], { stdio: [...stdio], detached: true, env });
}

function kernelArguments({
  init,
  folder,
  memoryMiB,
  lines,
  kernelArguments: further,
}: MachineOptions): string[] {
  const serial = Array.from({ length: lines }, (_, line) => `ssl${line}=fd:${WATCH + 1 + line}`);
  return [
    `mem=${memoryMiB}M`,
    "rootfstype=hostfs",
    "ro",
    `init=${init}`,
    `uml_dir=${folder}/`,
    "con=null",
    "con0=null,fd:1",
    "ssl=null",
    ...serial,
    "quiet",
    // Measures for 0.85 s which checksum of RAID 6 is fastest.
    "initcall_blacklist=raid6_select_algo",
    // An idle user-mode kernel may miss what comes on a line just as it falls asleep, until its next timer: this bounds
    // that to 10 ms. Without it one command in thousands waited for seconds.
    "nohz=off",
    ...further,
  ];
}

function lastAllowedCpu(): number {
  const [, list] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(list?.split(/[,-]/).at(-1) ?? 0);
}

/** The guest's memory is a sparse file in TMPDIR. Containers often share 64 MB, and writing beyond them is fatal. */
function fitsSharedMemory({ memoryMiB }: MachineOptions): boolean {
  if (!existsSync(SHARED_MEMORY)) return false;
  const { bavail, bsize } = statfsSync(SHARED_MEMORY);
  return bavail * bsize >= memoryMiB * 2 ** 20;
}
