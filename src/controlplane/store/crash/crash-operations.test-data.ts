// What the process that is killed does, as a function of seed and number, so that the one that looks afterwards knows it.
import { Prng } from "../../../base/prng.js";
import type { Operation } from "../store.js";

/** Keys of one operation; all of them are there, or none. */
interface Batch {
  readonly keys: readonly string[];
  readonly value: string;
  /** One that many operations overwrite. */
  readonly sharedKey: string;
}

/** Reported to the parent: `try` before the store is called, `ack` when it has answered. */
export type CrashReport =
  | { readonly is: "try"; readonly operation: number; readonly deletes: number | null }
  | { readonly is: "ack"; readonly operation: number; readonly revision: number };

export const SHARED_KEYS_COUNT = 10;

export function batchOf(seed: number, operation: number): Batch {
  const prng = new Prng(seed).fork(`operation ${operation}`);
  const keysCount = 1 + prng.below(3);
  return {
    keys: Array.from({ length: keysCount }, (_, index) => `${batchPrefix(operation)}${index}`),
    value: `${operation}:${"x".repeat(prng.below(2000))}`,
    sharedKey: `shared/${operation % SHARED_KEYS_COUNT}`,
  };
}

export function batchPrefix(operation: number): string {
  return `batch/${operation}/`;
}

export function putsOf({ keys, value, sharedKey }: Batch): Operation[] {
  return [...keys, sharedKey].map((key) => ({ op: "put", key, value: Buffer.from(value) }));
}
