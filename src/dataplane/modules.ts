// The compiled packet cores of asm/, one WASM module per mode.
import { instantiateOver, loadCore, type WasmMemory, type WasmModule } from "../base/web-assembly.js";
import type { Mode } from "../netfilter/rule-model.js";

/** What every core exports. Addresses are absolute in the shared memory. */
export interface CoreExports {
  /** Prepare the private regions that a context points at. */
  init(context: number): void;
  /** Evaluate `count` packet records into as many result records. */
  evaluate(context: number, packets: number, results: number, count: number): void;
}

/** The compiled core of a mode. @throws {PlumbError} NotFound when it has not been built */
export function loadModule(mode: Mode): WasmModule {
  return loadCore(mode);
}

/** An instance of a core over a shared memory; instances share nothing else. */
export function instantiateCore(module: WasmModule, memory: WasmMemory): CoreExports {
  const { init, evaluate } = instantiateOver<CoreExports>(module, memory);
  return { init, evaluate };
}
