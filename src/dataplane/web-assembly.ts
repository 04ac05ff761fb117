// The few WebAssembly types in use. Why: Node's types leave them to the DOM library, which a Node program should not see.

/** A compiled module; can be posted to workers. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
}

interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => WasmMemory;
}

const { WebAssembly: api } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };

/** Compile a core. Cost: milliseconds, once per process and mode. */
export function compileModule(bytes: Uint8Array): WasmModule {
  return new api.Module(bytes);
}

/** A shared memory; pages are 64 KiB and cost nothing until touched. */
export function createMemory(limits: { readonly pages: number; readonly pagesMax: number }): WasmMemory {
  return new api.Memory({ initial: limits.pages, maximum: limits.pagesMax, shared: true });
}
