// Values of the store -> objects, each parsed once at most: what a cache has at the same revision, or what a writer has just
// sent, is taken as it is. Most writes of a server come back to it as events, and none of them is parsed.
import { isStatus } from "../../../api/status.js";
import type { KubeObject } from "../../../api/meta.js";
import type { KeyValue } from "../../store/store.js";
import { type Draft, finished, isDraftOf, parsedValue, revisionOf } from "./object-value.js";

export class ObjectDecoder {
  readonly #cached: (key: string) => KubeObject | undefined;
  /** On their way to the store, by key. */
  readonly #drafts = new Map<string, Draft[]>();

  /** @param cached the object that a cache has at a key */
  constructor(cached: (key: string) => KubeObject | undefined) {
    this.#cached = cached;
  }

  remember(draft: Draft): void {
    const drafts = this.#drafts.get(draft.key);
    if (drafts === undefined) this.#drafts.set(draft.key, [draft]);
    else drafts.push(draft);
  }

  forget(draft: Draft): void {
    const drafts = this.#drafts.get(draft.key);
    if (drafts === undefined) return;
    if (drafts.length === 1) this.#drafts.delete(draft.key);
    else drafts.splice(drafts.indexOf(draft), 1);
  }

  /** @throws {StatusError} InternalError for a value that is no object */
  decode(kv: KeyValue): KubeObject {
    const cached = this.#cached(kv.key);
    if (cached !== undefined && revisionOf(cached) === kv.modRevision) return cached;
    const draft = this.#drafts.get(kv.key)?.find((each) => isDraftOf(each, kv));
    return draft === undefined ? parsedValue(kv) : finished(draft, kv.modRevision);
  }

  /** Null for a value that somebody else put there and that is no object: it does not exist for this server. */
  decodeIfObject(kv: KeyValue): KubeObject | null {
    try {
      return this.decode(kv);
    } catch (error) {
      if (isStatus(error, "InternalError")) return null;
      throw error;
    }
  }
}
