// The compiled cores of asm/: read once, compiled once per process, named by digest; and the few WebAssembly types in use.
// Why types of our own: Node's leave them to the DOM library, which a Node program should not see.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { instantiateSync } from "@assemblyscript/loader";
import { PlumbError } from "./errors.js";
import { packageRoot } from "./source-path.js";

/** A compiled module; can be posted to workers. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

export interface WasmMemory {
  /** A new object after every growth; views over an older one see the same bytes as far as it reaches. */
  readonly buffer: SharedArrayBuffer;
  /** Adds pages; returns how many there were. */
  grow(pages: number): number;
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

const bytesByName = new Map<string, Buffer>();
const modulesByName = new Map<string, WasmModule>();

/** The compiled core build/NAME.wasm. @throws {PlumbError} NotFound when it has not been built */
export function loadCore(name: string): WasmModule {
  const known = modulesByName.get(name);
  if (known !== undefined) return known;
  const module = compileModule(coreBytes(name));
  modulesByName.set(name, module);
  return module;
}

/** SHA-256 of a core, hex: says which code a number was measured with. */
export function coreDigest(name: string): string {
  return createHash("sha256").update(coreBytes(name)).digest("hex");
}

/**
 * The exports of an instance over a shared memory; instances share nothing else. They are the bare ones: the loader's
 * pass their arguments through an array, which costs more than a short loop over nodes. All arguments must be given.
 */
export function instantiateOver<T>(module: WasmModule, memory: WasmMemory): T {
  const { instance } = instantiateSync(module, { env: { memory } });
  return instance.exports as T;
}

function coreBytes(name: string): Buffer {
  const known = bytesByName.get(name);
  if (known !== undefined) return known;
  const path = join(packageRoot, "build", `${name}.wasm`);
  try {
    const bytes = readFileSync(path);
    bytesByName.set(name, bytes);
    return bytes;
  } catch {
    throw new PlumbError("NotFound", `Cannot load the core '${name}': ${path} is missing`, {
      hint: "run: npm run build:asm",
    });
  }
}
