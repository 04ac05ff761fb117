// How far the WASM core is from the same algorithm in C: both over the same image and packets, in interleaved rounds.
// usage: node dist/bench/native/run.js [PART-OF-A-WORKLOAD-NAME] [--json FILE]
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { instantiateSync } from "@assemblyscript/loader";
import { durationBetween, realClock } from "../../src/base/clock.js";
import { packageRoot } from "../../src/base/source-path.js";
import { Evaluator, shareImage, type ArenaSite } from "../../src/dataplane/evaluator.js";
import { compileModule } from "../../src/dataplane/web-assembly.js";
import { buildTwin, type Timed, Twin, type TwinProgram } from "./twin.js";
import { WORKLOADS, type Workload } from "./workloads.js";

const ROUNDS = 21;
const WARM_UP = 4;

interface Kernels extends Record<string, unknown> {
  init(context: number): void;
  walk(context: number, packets: number, count: number, chain: number): number;
  probe(context: number, packets: number, count: number, chain: number): number;
  lookup(context: number, packets: number, count: number, chain: number): number;
  enter(context: number, packets: number, count: number, chain: number): number;
  flows(context: number, packets: number, count: number, chain: number): number;
}

interface Row {
  readonly name: string;
  readonly wasmNsPerPacket: number;
  readonly cNsPerPacket: number;
  /** Packets per second, WASM : C; median over rounds. */
  readonly ratio: number;
  readonly rounds: number;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

async function race(program: TwinProgram, name: string, workload: Workload): Promise<Row> {
  const { packets, image, conntrackMax } = workload;
  const { memory, sites } = shareImage(image, [{ conntrackMax, packetsMax: packets.count }]);
  const site = sites[0] as ArenaSite;
  new Evaluator(site, { seed: 1, imageCapacity: 0 }).load(packets);
  const { arena } = site;
  const core = loadKernels(memory);
  const twin = new Twin(program, new Uint8Array(memory.buffer).slice(), arena);
  const wasm = async (): Promise<Timed> => runWasm(core, workload, site);
  const native = async (): Promise<Timed> => {
    if (workload.before !== "nothing") await twin.run("init", 0, 0);
    if (workload.before === "entered") await twin.run("enter", packets.count, 0);
    return twin.run(workload.kernel, packets.count, workload.chain);
  };
  const ratios: number[] = [];
  const wasmNs: number[] = [];
  const cNs: number[] = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? [wasm, native] : [native, wasm];
    const times = new Map([
      [order[0], await (order[0] as typeof wasm)()],
      [order[1], await (order[1] as typeof wasm)()],
    ]);
    const [ours, theirs] = [times.get(wasm) as Timed, times.get(native) as Timed];
    if (ours.result !== theirs.result) {
      throw new Error(`${name}: WASM found ${ours.result}, C ${theirs.result}`);
    }
    if (round < 0) continue;
    ratios.push(theirs.ns / ours.ns);
    wasmNs.push(ours.ns / packets.count);
    cNs.push(theirs.ns / packets.count);
  }
  twin.close();
  return {
    name,
    wasmNsPerPacket: median(wasmNs),
    cNsPerPacket: median(cNs),
    ratio: median(ratios),
    rounds: ROUNDS,
  };
}

function loadKernels(memory: unknown): Kernels {
  const module = compileModule(readFileSync(join(packageRoot, "build/bench.wasm")));
  return instantiateSync<Kernels>(module as never, { env: { memory } }).exports;
}

function runWasm(core: Kernels, { kernel, packets, chain, before }: Workload, { arena }: ArenaSite): Timed {
  if (before !== "nothing") core.init(arena.context);
  if (before === "entered") core.enter(arena.context, arena.packets, packets.count, chain);
  const started = realClock.now();
  const result = core[kernel](arena.context, arena.packets, packets.count, chain);
  return { ns: durationBetween(started, realClock.now()), result };
}

async function main(args: readonly string[]): Promise<void> {
  const jsonAt = args.indexOf("--json");
  const part = args.find((arg, index) => !arg.startsWith("--") && (jsonAt < 0 || index !== jsonAt + 1)) ?? "";
  const program = buildTwin();
  if (program === null) {
    console.log("No C compiler (cc) on this machine: the comparison with C is left out.");
    return;
  }
  console.log(
    `C: ${program.compiler}, -O3. Medians of ${ROUNDS} interleaved rounds; ratio is packets/s, WASM : C.`,
  );
  console.log(
    `${"workload".padEnd(34)} ${"WASM ns".padStart(10)} ${"C ns".padStart(10)} ${"ratio".padStart(7)}`,
  );
  const rows: Row[] = [];
  for (const [name, make] of WORKLOADS) {
    if (!name.includes(part)) continue;
    const row = await race(program, name, make());
    rows.push(row);
    const cells = [row.wasmNsPerPacket.toFixed(1).padStart(10), row.cNsPerPacket.toFixed(1).padStart(10)];
    console.log(`${row.name.padEnd(34)} ${cells.join(" ")} ${row.ratio.toFixed(2).padStart(7)}`);
  }
  if (jsonAt >= 0)
    writeFileSync(
      args[jsonAt + 1] ?? "native.json",
      `${JSON.stringify({ compiler: program.compiler, rows }, null, 2)}\n`,
    );
  rmSync(dirname(program.path), { recursive: true });
}

await main(process.argv.slice(2));
