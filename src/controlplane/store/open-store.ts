// `memory`, `file:DIR` or `etcd:URL`: the three stores behind one interface.
import { PlumbError } from "../../base/errors.js";
import type { Timers } from "../../base/timers.js";
import { EmbeddedStore, memoryStore } from "./embedded-store.js";
import { openLevelJournal } from "./level-journal.js";
import type { Store } from "./store.js";
import type { StoreLimits } from "./store-limits.js";

export interface OpenStoreOptions {
  readonly timers: Timers;
  /** Of the embedded stores; etcd has its own. */
  readonly limits?: Partial<StoreLimits>;
}

/**
 * @param spec `memory`, `file:DIR` or `etcd:http://HOST:PORT`
 * @throws {PlumbError} Usage when the spec cannot be understood
 * @throws {StoreError} Locked, Unwritable, Unavailable
 */
export async function openStore(spec: string, options: OpenStoreOptions): Promise<Store> {
  if (spec === "memory") return memoryStore(options);
  const [, kind, where] = /^(file|etcd):(.+)$/.exec(spec) ?? [];
  if (kind === "file" && where !== undefined)
    return new EmbeddedStore(options, await openLevelJournal(where));
  throw new PlumbError(
    "Usage",
    `Cannot open store '${spec}': it is none of memory, file:DIR, etcd:http://HOST:PORT`,
  );
}
