// The compiled cores of asm/, one WASM module per mode: read once, compiled once per process, named by digest.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { instantiateSync } from "@assemblyscript/loader";
import { PlumbError } from "../base/errors.js";
import { packageRoot } from "../base/source-path.js";
import type { Mode } from "../netfilter/rule-model.js";
import { compileModule, type WasmMemory, type WasmModule } from "./web-assembly.js";

/** What every core exports. Addresses are absolute in the shared memory. */
export interface CoreExports {
  /** Prepare the private regions that a context points at. */
  init(context: number): void;
  /** Evaluate `count` packet records into as many result records. */
  evaluate(context: number, packets: number, results: number, count: number): void;
}

const bytesByMode = new Map<Mode, Buffer>();
const modulesByMode = new Map<Mode, WasmModule>();

/** The compiled core of a mode. @throws {PlumbError} NotFound when it has not been built */
export function loadModule(mode: Mode): WasmModule {
  const known = modulesByMode.get(mode);
  if (known !== undefined) return known;
  const module = compileModule(moduleBytes(mode));
  modulesByMode.set(mode, module);
  return module;
}

/** SHA-256 of a core, hex: says which code a number was measured with. */
export function moduleDigest(mode: Mode): string {
  return createHash("sha256").update(moduleBytes(mode)).digest("hex");
}

/** An instance of a core over a shared memory; instances share nothing else. */
export function instantiateCore(module: WasmModule, memory: WasmMemory): CoreExports {
  const { exports } = instantiateSync<CoreExports & Record<string, unknown>>(module, { env: { memory } });
  return { init: exports.init, evaluate: exports.evaluate };
}

function moduleBytes(mode: Mode): Buffer {
  const known = bytesByMode.get(mode);
  if (known !== undefined) return known;
  const path = join(packageRoot, "build", `${mode}.wasm`);
  try {
    const bytes = readFileSync(path);
    bytesByMode.set(mode, bytes);
    return bytes;
  } catch {
    throw new PlumbError("NotFound", `Cannot load the core of mode '${mode}': ${path} is missing`, {
      hint: "run: npm run build:asm",
    });
  }
}
