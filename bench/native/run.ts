// How far the WASM core is from the same algorithm in C: both over the same image and packets, in interleaved rounds.
// usage: node dist/bench/native/run.js [PART-OF-A-WORKLOAD-NAME] [--json FILE]
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { instantiateSync } from "@assemblyscript/loader";
import { durationBetween, realClock } from "../../src/base/clock.js";
import { packageRoot } from "../../src/base/source-path.js";
import { Evaluator, shareImage, type ArenaSite } from "../../src/dataplane/evaluator.js";
import { compileModule } from "../../src/base/web-assembly.js";
import { buildTwin, type Timed, Twin, type TwinProgram } from "./twin.js";
import { WORKLOADS, type Workload } from "./workloads.js";

const ROUNDS = 21;
/** Long enough for V8 to have compiled every kernel with its optimising compiler. */
const WARM_UP_MS = 400;
/** A small kernel is run so often that one sample takes about this long. */
const SAMPLE_NS = 2_000_000;

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
  const times = Math.max(1, Math.round(SAMPLE_NS / (await twin.run(workload, 1)).ns));
  const wasm = async (): Promise<Timed> => runWasm(core, workload, site, times);
  const native = async (): Promise<Timed> => twin.run(workload, times);
  const ratios: number[] = [];
  const wasmNs: number[] = [];
  const cNs: number[] = [];
  for (const started = realClock.now(); durationBetween(started, realClock.now()) < WARM_UP_MS * 1e6; )
    await wasm();
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? [wasm, native] : [native, wasm];
    const timed = new Map([
      [order[0], await (order[0] as typeof wasm)()],
      [order[1], await (order[1] as typeof wasm)()],
    ]);
    const [ours, theirs] = [timed.get(wasm) as Timed, timed.get(native) as Timed];
    if (ours.result !== theirs.result) {
      throw new Error(`${name}: WASM found ${ours.result}, C ${theirs.result}`);
    }
    ratios.push(theirs.ns / ours.ns);
    wasmNs.push(ours.ns / times / packets.count);
    cNs.push(theirs.ns / times / packets.count);
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
  const [bench, insert] = ["bench", "bench-insert"].map((name) => {
    const module = compileModule(readFileSync(join(packageRoot, `build/${name}.wasm`)));
    return instantiateSync<Kernels>(module as never, { env: { memory } }).exports;
  });
  return { ...bench, ...insert } as Kernels;
}

function runWasm(
  core: Kernels,
  { kernel, packets, chain, before }: Workload,
  { arena }: ArenaSite,
  times: number,
): Timed {
  let [ns, result] = [0, 0];
  for (let time = 0; time < times; time++) {
    if (before !== "nothing") core.init(arena.context);
    if (before === "entered") core.enter(arena.context, arena.packets, packets.count, chain);
    const started = realClock.now();
    result = core[kernel](arena.context, arena.packets, packets.count, chain);
    ns += durationBetween(started, realClock.now());
  }
  return { ns, result };
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
