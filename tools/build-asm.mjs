// Compile every asm/<module>/index.ts to build/<module>.wasm, beside its text (.wat).
// Why one module per packet path: code of one mode can neither slow nor break another.
// A module is rebuilt only when a file under asm/ is newer than its output; --only NAME picks one.
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";
import binaryen from "binaryen";

const PAGES_MAX = 65536;
const INLINE_NODES_MAX = 200;
// What asc was told to enable, for the second pass.
const FEATURES = [
  "Atomics",
  "BulkMemory",
  "BulkMemoryOpt",
  "MutableGlobals",
  "NontrappingFPToInt",
  "SIMD128",
  "SignExt",
]
  .map((name) => binaryen.Features[name])
  .reduce((all, feature) => all | feature);
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : null;

function newestChange(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile())
      newest = Math.max(newest, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
  }
  return newest;
}

function isFresh(output, since) {
  const stat = statSync(output, { throwIfNoEntry: false });
  return stat !== undefined && stat.mtimeMs > since;
}

/**
 * Inline further than asc does: V8 inlines no WASM call, and the kernels are written as many small functions.
 * asc stops at 70 nodes and at loops; hash lookups gain a fifth from going on.
 */
function inlineMore(name) {
  const module = binaryen.readBinary(readFileSync(`build/${name}.wasm`));
  module.setFeatures(FEATURES);
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(0);
  binaryen.setDebugInfo(true);
  binaryen.setOneCallerInlineMaxSize(100_000);
  binaryen.setFlexibleInlineMaxSize(INLINE_NODES_MAX);
  binaryen.setAllowInliningFunctionsWithLoops(true);
  module.runPasses(["inlining-optimizing"]);
  module.optimize();
  writeFileSync(`build/${name}.wasm`, module.emitBinary());
  writeFileSync(`build/${name}.wat`, module.emitText());
  module.dispose();
}

async function build(name) {
  const args = [
    `asm/${name}/index.ts`,
    "--outFile",
    `build/${name}.wasm`,
    "--textFile",
    `build/${name}.wat`,
    "--runtime",
    "stub",
    "-O3",
    "--noAssert",
    "--importMemory",
    "--sharedMemory",
    "--initialMemory",
    "1",
    "--maximumMemory",
    String(PAGES_MAX),
    "--enable",
    "simd",
    "--enable",
    "threads",
    "--uncheckedBehavior",
    "always",
    // The name section lets profiles say asm/iptables/walk instead of wasm-function[7]; speed is the same.
    "--debug",
  ];
  const { error, stderr } = await asc.main(args);
  if (error) throw new Error(`asc ${name}: ${error.message}\n${stderr.toString()}`);
  inlineMore(name);
  // Data segments are re-written by every instance of a shared memory: a worker would reset its neighbours.
  if (/\(data /.test(readFileSync(`build/${name}.wat`, "utf8"))) {
    throw new Error(
      `build/${name}.wat holds a data segment: remove strings, 'new' and static arrays from asm/${name}`,
    );
  }
}

mkdirSync("build", { recursive: true });
const changed = Math.max(newestChange("asm"), statSync("tools/build-asm.mjs").mtimeMs);
const modules = readdirSync("asm", { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && statSync(`asm/${entry.name}/index.ts`, { throwIfNoEntry: false }))
  .map((entry) => entry.name)
  .filter((name) => only === null || name === only);
for (const name of modules) {
  if (isFresh(`build/${name}.wasm`, changed)) continue;
  const started = performance.now();
  await build(name);
  console.error(
    `asm ${name}: ${statSync(`build/${name}.wasm`).size} bytes, ${Math.round(performance.now() - started)} ms`,
  );
}
