// The pace program as an object: nodes and cases in, runs of timed chunks out. The job's text is drawn in pace.c.
import { createInterface } from "node:readline";
import { PlumbError } from "../../base/errors.js";
import type { PacketKind } from "../../measure/kernel-record.js";
import type { HostProcess, KernelHost } from "../host/command.js";
import { BACKEND_INTERFACE, namespacesOf, type NodeSpec } from "../host/topology.js";
import { injectorProgram } from "./build.js";

export interface PaceTarget {
  readonly address: string;
  readonly port: number;
}

/** Packets from a node's client to one target, or spread evenly over several. */
export interface PaceCase {
  /** Position in the job's nodes. */
  readonly node: number;
  readonly targets: readonly PaceTarget[];
}

export interface PaceJob {
  /** Times inside a user-mode Linux need `tsc`: pace.c says why. */
  readonly clock: "thread-cpu" | "tsc";
  /** CPU that the program stays on; `last` of those it may run on, where the least else goes on. */
  readonly cpu: number | "last";
  readonly seed: number;
  readonly packet: PacketKind;
  /** Aim of a chunk, ns, and bounds of its packets. Packets one system call takes. */
  readonly chunk: { readonly ns: number; readonly packetsMin: number; readonly packetsMax: number };
  readonly packetsPerCall: number;
  /** Clients count up from this address; it and a few thousand after it are in the pod network. */
  readonly firstSource: string;
  /** Milliseconds ahead of each run in which what packets left behind expires; 0 when missing. */
  readonly settleMs?: number;
  readonly nodes: readonly NodeSpec[];
  readonly cases: readonly PaceCase[];
}

export interface Chunk {
  /** Position in the job's cases. */
  readonly case: number;
  readonly packets: number;
  /** Of the whole chunk, on the job's clock. */
  readonly ns: number;
  readonly wallNs: number;
  /** Packets the sink counted; anything but `packets` says that something else was measured. */
  readonly delivered: number;
  /** Longer of the spins before and after. */
  readonly spinNs: number;
}

/** What chunks are made of natively, as the calibration's reference figures were measured. */
export const NATIVE_PACE = {
  clock: "thread-cpu",
  chunk: { ns: 3_000_000, packetsMin: 24, packetsMax: 500 },
  packetsPerCall: 64,
} as const;

/** A system call is dear in a user-mode Linux, and its clock is guarded: larger calls, no smaller chunks. */
export const USER_MODE_PACE = {
  clock: "tsc",
  chunk: { ns: 1_000_000, packetsMin: 24, packetsMax: 480 },
  packetsPerCall: 512,
} as const;

const ANSWER = "end";

export class Pace {
  readonly #process: HostProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(host: KernelHost, job: PaceJob) {
    this.#process = host.start({ argv: [injectorProgram("pace")] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    for (const line of jobLines(job)) this.#process.stdin.write(line);
  }

  /**
   * Every case `passes` times, each pass in a new random order. The first run also opens flows and sizes the chunks.
   * @throws {PlumbError} Internal, with what the program said, when it cannot send or stops
   */
  async run(passes: number): Promise<Chunk[]> {
    const chunks: Chunk[] = [];
    this.#process.stdin.write(`run ${passes}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw await this.#failure();
      if (value === ANSWER) return chunks;
      chunks.push(parseChunk(value));
    }
  }

  async close(): Promise<void> {
    this.#process.stdin.end();
    await this.#process.ended;
  }

  /** Ends at once, also in the middle of a run. */
  kill(): void {
    this.#process.kill();
  }

  async #failure(): Promise<PlumbError> {
    const { status, stderr } = await this.#process.ended;
    return new PlumbError("Internal", `Cannot time packets: ${stderr.trim() || `status ${status}`}`);
  }
}

/** The job as pace.c reads it, in pieces of whole lines. */
export function* jobLines(job: PaceJob): Generator<string> {
  yield `cpu ${job.cpu}\nclock ${job.clock}\nseed ${job.seed}\npacket ${job.packet}\nbatch ${job.packetsPerCall}\n`;
  yield `chunk ${job.chunk.ns} ${job.chunk.packetsMin} ${job.chunk.packetsMax}\nsources ${job.firstSource}\n`;
  if (job.settleMs !== undefined) yield `settle ${job.settleMs}\n`;
  for (const spec of job.nodes) {
    const { client, backend, node } = namespacesOf(spec);
    yield `node ${client} ${spec.interfaces[0]} ${backend} ${BACKEND_INTERFACE} ${node}\n`;
  }
  for (const { node, targets } of job.cases)
    yield `case ${node} ${targets.map(({ address, port }) => `${address}:${port}`).join(" ")}\n`;
}

function parseChunk(line: string): Chunk {
  const [index, packets, ns, wallNs, delivered, spinNs] = line.split(",").map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { case: index, packets, ns, wallNs, delivered, spinNs };
}
