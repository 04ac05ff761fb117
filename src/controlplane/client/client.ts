// A client of the API server: typed by the caller, the same over HTTP and within the process.
// Promises reject with StatusError for what the server refuses, with a plain Error for what never reached it.
// Objects that come back are shared with caches: never write to them, make a changed copy.
import type { KubeObject } from "../../api/meta.js";
import type { ApiWatchEvent, PatchType } from "../protocol/api-request.js";

/** Names a resource: { group: "apps", version: "v1", resource: "deployments" }; group "" is core. */
export interface ResourceName {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

export interface ListOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  /** "0": any state will do (from the watch cache). Absent: the newest. */
  readonly resourceVersion?: string;
}

export interface WatchListOptions extends ListOptions {
  readonly allowWatchBookmarks?: boolean;
  readonly timeoutSeconds?: number;
}

export interface WriteOptions {
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Orphan" | "Background" | "Foreground";
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export interface ObjectList<Kind> {
  readonly items: readonly Kind[];
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
}

export interface WatchHandler<Kind> {
  event(event: ApiWatchEvent<Kind>): void;
  /** The stream ended; the reflector decides how to go on. An ERROR event comes before, where the server sent one. */
  end(error: Error | null): void;
}

/** One resource, of one namespace or (namespace null) of the cluster or all namespaces. */
export interface ResourceClient<Kind extends KubeObject = KubeObject> {
  get(name: string, subresource?: string): Promise<Kind>;
  list(options?: ListOptions): Promise<ObjectList<Kind>>;
  /** @returns cancels it; `end` is not called afterwards */
  watch(options: WatchListOptions, handler: WatchHandler<Kind>): () => void;
  create(object: object, options?: WriteOptions): Promise<Kind>;
  /** metadata.resourceVersion, when given, must be the current one: else Conflict. */
  update(object: object, options?: WriteOptions): Promise<Kind>;
  updateStatus(object: object, options?: WriteOptions): Promise<Kind>;
  /** PUT of a subresource that is a part of the object itself: "finalize", "approval". */
  updatePart(object: object, subresource: string, options?: WriteOptions): Promise<Kind>;
  patch(
    name: string,
    type: PatchType,
    patch: object,
    options?: WriteOptions & { readonly subresource?: string; readonly force?: boolean },
  ): Promise<Kind>;
  delete(name: string, options?: DeleteOptions): Promise<void>;
  deleteCollection(list: ListOptions, options?: DeleteOptions): Promise<void>;
  /** POST to a subresource: "binding", "eviction", "token". */
  post(name: string, subresource: string, body: object): Promise<object>;
}

export interface Client {
  resource<Kind extends KubeObject = KubeObject>(
    name: ResourceName,
    namespace: string | null,
  ): ResourceClient<Kind>;
}
