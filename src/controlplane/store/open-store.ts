// `memory`, `file:DIR` or `etcd:URL`: the three stores behind one interface.
import { PlumbError } from "../../base/errors.js";
import type { Timers } from "../../base/timers.js";
import { EmbeddedStore, memoryStore } from "./embedded-store.js";
import { openEtcdStore } from "./etcd/etcd-store.js";
import { openLevelJournal } from "./level-journal.js";
import type { Store } from "./store.js";
import type { StoreLimits } from "./store-limits.js";

export interface OpenStoreOptions {
  readonly timers: Timers;
  /** Of the embedded stores; etcd has its own. */
  readonly limits?: Partial<StoreLimits>;
}

/**
 * @param spec `memory`, `file:DIR` or `etcd:http://HOST:PORT`; a path of the URL is the prefix of all keys
 * @throws {PlumbError} Usage when the spec cannot be understood, InvalidInput when a folder is damaged
 * @throws {StoreError} Locked, Unwritable, Unavailable
 */
export async function openStore(spec: string, options: OpenStoreOptions): Promise<Store> {
  const colon = spec.indexOf(":");
  const kind = colon < 0 ? spec : spec.slice(0, colon);
  const where = colon < 0 ? "" : spec.slice(colon + 1);
  if (kind === "memory" && colon < 0) return memoryStore(options);
  if (kind === "file") {
    if (where === "") throw misspelled(spec, "no folder is named");
    return new EmbeddedStore(options, await openLevelJournal(where));
  }
  if (kind === "etcd") return openEtcdStore({ ...endpointOf(spec, where), timers: options.timers });
  throw misspelled(spec, "it is none of the kinds");
}

function endpointOf(spec: string, where: string): { readonly address: string; readonly prefix: string } {
  if (!URL.canParse(where)) throw misspelled(spec, "what follows 'etcd:' is no URL");
  const url = new URL(where);
  if (url.protocol !== "http:") throw misspelled(spec, `etcd is reached over http:, not ${url.protocol}`);
  if (url.username !== "" || url.search !== "" || url.hash !== "")
    throw misspelled(spec, "users, queries and fragments are not supported");
  const prefix = url.pathname === "/" ? "" : url.pathname;
  return { address: `${url.hostname}:${url.port || ETCD_PORT}`, prefix };
}

const ETCD_PORT = "2379";

function misspelled(spec: string, why: string): PlumbError {
  return new PlumbError("Usage", `Cannot open store '${spec}': ${why}`, {
    hint: "memory, file:DIR or etcd:http://HOST:PORT[/PREFIX]",
  });
}
