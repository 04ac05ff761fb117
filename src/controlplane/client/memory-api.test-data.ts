// A small API server for tests of clients and controllers: objects in a Map, every change to every watch, at once.
// It freezes all objects, so that a test notices who writes to what is shared. It knows no validation, no defaults, no
// admission and no garbage collection; Pods on a node are deleted gracefully, finalizers are waited for.
import type { KubeObject } from "../../api/meta.js";
import { kindOfResource } from "../../api/kinds/kinds.js";
import { StatusError } from "../../api/status.js";
import { ManualTimers, type Timers } from "../../base/timers.js";
import type {
  ApiHandler,
  ApiRequest,
  ApiResponse,
  ApiWatchEvent,
  UserInfo,
} from "../protocol/api-request.js";
import type { Client } from "./client.js";
import { inProcessClient } from "./in-process-client.js";
import { keyOf } from "./object-store.js";

const TEST_USER: UserInfo = { username: "test", uid: "", groups: ["system:masters"], extra: {} };

interface Change {
  readonly version: number;
  readonly collection: string;
  readonly event: ApiWatchEvent;
  readonly before: KubeObject | null;
}

interface Watcher {
  readonly target: Target;
  readonly matches: (object: KubeObject) => boolean;
  readonly send: (event: ApiWatchEvent) => void;
}

interface Target {
  readonly collection: string;
  readonly namespace: string | null;
  readonly name: string | null;
  readonly subresource: string | null;
}

type Loose = Record<string, unknown>;

export class MemoryApi implements ApiHandler {
  readonly timers: Timers;
  /** Called before each request; what it throws is the answer. */
  intercept: ((request: ApiRequest) => void) | null = null;
  /** "POST /api/v1/namespaces/default/pods", in order. */
  readonly requests: string[] = [];
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #changes: Change[] = [];
  readonly #watchers = new Set<Watcher>();
  readonly #ends = new Set<() => void>();
  #version = 0;
  #oldestVersion = 0;
  #names = 0;

  constructor(timers: Timers = new ManualTimers()) {
    this.timers = timers;
  }

  client(): Client {
    return inProcessClient(this, TEST_USER);
  }

  /** All objects of a resource, "apps/deployments" or "/pods", by key. */
  all(collection: string): KubeObject[] {
    return [...(this.#objects.get(collection)?.values() ?? [])];
  }

  /** Watches below the current version fail with 410 from now on; those that run are ended. */
  compact(): void {
    this.#oldestVersion = this.#version;
    this.endWatches();
  }

  endWatches(): void {
    for (const end of [...this.#ends]) end();
  }

  async handle(request: ApiRequest): Promise<ApiResponse> {
    this.requests.push(`${request.method} ${request.path}`);
    try {
      this.intercept?.(request);
      return this.#route(request, targetOf(request.path));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { kind: "object", code: error.status.code, object: error.status };
    }
  }

  #route(request: ApiRequest, target: Target): ApiResponse {
    const { method, query } = request;
    const body = request.body as KubeObject;
    if (method === "GET" && query.get("watch") === "true") return this.#watch(request, target);
    if (method === "GET" && target.name === null) return ok(this.#list(target, query));
    if (method === "GET") return ok(this.#existing(target));
    if (method === "POST" && target.name === null) return ok(this.#create(target, body), 201);
    if (method === "POST") return ok(this.#post(target, body), 201);
    if (method === "PUT") return ok(this.#update(target, body));
    if (method === "PATCH") return ok(this.#patch(target, body as object as Loose));
    if (method === "DELETE" && target.name !== null) return ok(this.#delete(target, body as object as Loose));
    throw new StatusError("MethodNotAllowed", `${method} ${request.path}`);
  }

  #list(target: Target, query: URLSearchParams): object {
    const matches = selectorOf(target, query);
    const items = this.all(target.collection).filter(matches);
    return { kind: "List", apiVersion: "v1", metadata: { resourceVersion: String(this.#version) }, items };
  }

  #watch(request: ApiRequest, target: Target): ApiResponse {
    const from = Number(request.query.get("resourceVersion") ?? "0");
    if (from < this.#oldestVersion) throw new StatusError("Expired", "too old resource version");
    const matches = selectorOf(target, request.query);
    const start: Extract<ApiResponse, { kind: "watch" }>["start"] = (sink) => {
      const watcher: Watcher = { target, matches, send: (event) => sink.event(event) };
      const end = (): void => {
        this.#watchers.delete(watcher);
        this.#ends.delete(end);
        sink.end();
      };
      for (const change of this.#changes) if (change.version > from) tell(watcher, change);
      this.#watchers.add(watcher);
      this.#ends.add(end);
      request.signal.addEventListener("abort", () => {
        this.#watchers.delete(watcher);
        this.#ends.delete(end);
      });
    };
    return { kind: "watch", contentType: "application/json", start };
  }

  #create(target: Target, body: KubeObject): KubeObject {
    const { generateName, name: wanted } = body.metadata;
    const name = wanted || `${generateName ?? ""}${(this.#names++).toString(36).padStart(5, "0")}`;
    const metadata = {
      ...body.metadata,
      name,
      ...(target.namespace === null ? {} : { namespace: target.namespace }),
      uid: `uid-${this.#version + 1}`,
      creationTimestamp: this.#now(),
      generation: 1,
    };
    const object = { ...body, ...typeOf(target), metadata };
    if (this.#objects.get(target.collection)?.has(keyOf(object)))
      throw new StatusError("AlreadyExists", `${target.collection} "${name}" already exists`);
    return this.#store(target, object, null);
  }

  #post(target: Target, body: KubeObject): object {
    if (target.subresource !== "binding") throw new StatusError("NotFound", "no such subresource");
    const pod = this.#existing(target) as KubeObject & { spec: object };
    const { target: node } = body as unknown as { target: { name: string } };
    this.#store(target, { ...pod, spec: { ...pod.spec, nodeName: node.name } } as KubeObject, pod);
    return { kind: "Status", status: "Success" };
  }

  #update(target: Target, body: KubeObject): KubeObject {
    const before = this.#existing(target) as KubeObject & { status?: object; spec?: object };
    const version = body.metadata.resourceVersion;
    if (version !== undefined && version !== before.metadata.resourceVersion)
      throw new StatusError("Conflict", `${target.collection} "${target.name}" has been modified`);
    const { status } = body as { status?: object };
    if (target.subresource === "status")
      return this.#store(target, { ...before, status } as KubeObject, before);
    return this.#write(target, before, { ...body, status: before.status } as KubeObject);
  }

  #patch(target: Target, patch: Loose): KubeObject {
    const before = this.#existing(target) as KubeObject & { status?: object };
    const patched = mergePatch(before, patch) as KubeObject & { status?: object };
    const version = patched.metadata.resourceVersion;
    if (version !== before.metadata.resourceVersion) throw new StatusError("Conflict", "has been modified");
    if (target.subresource === "status")
      return this.#store(target, { ...before, status: patched.status } as KubeObject, before);
    return this.#write(target, before, { ...patched, status: before.status } as KubeObject);
  }

  #write(target: Target, before: KubeObject, after: KubeObject): KubeObject {
    const { spec: oldSpec } = before as { spec?: object };
    const { spec: newSpec } = after as { spec?: object };
    const { generation = 1 } = before.metadata as { generation?: number };
    const isChanged = JSON.stringify(oldSpec) !== JSON.stringify(newSpec);
    const metadata = {
      ...after.metadata,
      uid: before.metadata.uid,
      creationTimestamp: before.metadata.creationTimestamp,
      ...(before.metadata.deletionTimestamp === undefined
        ? {}
        : { deletionTimestamp: before.metadata.deletionTimestamp }),
      generation: isChanged ? generation + 1 : generation,
    };
    const object = { ...after, metadata } as KubeObject;
    const isFreed = metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0;
    const isWaitingForNode = (before as { spec?: { nodeName?: string } }).spec?.nodeName !== undefined;
    if (isFreed && !isWaitingForNode && (before.metadata.finalizers ?? []).length > 0)
      return this.#remove(target, object);
    return this.#store(target, object, before);
  }

  #delete(target: Target, options: Loose | null): KubeObject {
    const before = this.#existing(target);
    const { uid, resourceVersion } = (options?.["preconditions"] ?? {}) as Record<string, string | undefined>;
    if (uid !== undefined && uid !== before.metadata.uid) throw new StatusError("Conflict", "another uid");
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion)
      throw new StatusError("Conflict", "another version");
    const isOnNode = (before as { spec?: { nodeName?: string } }).spec?.nodeName !== undefined;
    const isGraceful = target.collection === "/pods" && isOnNode && options?.["gracePeriodSeconds"] !== 0;
    const finalizers = before.metadata.finalizers ?? [];
    if (!isGraceful && finalizers.length === 0) return this.#remove(target, before);
    if (before.metadata.deletionTimestamp !== undefined) return before;
    const metadata = { ...before.metadata, deletionTimestamp: this.#now() };
    return this.#store(target, { ...before, metadata }, before);
  }

  #existing(target: Target): KubeObject {
    const key = target.namespace === null ? target.name : `${target.namespace}/${target.name}`;
    const object = this.#objects.get(target.collection)?.get(key ?? "");
    if (object === undefined)
      throw new StatusError("NotFound", `${target.collection} "${target.name}" not found`);
    return object;
  }

  #store(target: Target, object: KubeObject, before: KubeObject | null): KubeObject {
    // A write that changes nothing is none: no version, no event.
    if (before !== null && JSON.stringify(before) === JSON.stringify(object)) return before;
    const stored = this.#versioned(object);
    const objects = this.#objects.get(target.collection) ?? new Map<string, KubeObject>();
    this.#objects.set(target.collection, objects.set(keyOf(stored), stored));
    this.#publish(target.collection, before === null ? "ADDED" : "MODIFIED", stored, before);
    return stored;
  }

  #remove(target: Target, object: KubeObject): KubeObject {
    const removed = this.#versioned(object);
    this.#objects.get(target.collection)?.delete(keyOf(removed));
    this.#publish(target.collection, "DELETED", removed, removed);
    return removed;
  }

  #versioned(object: KubeObject): KubeObject {
    const resourceVersion = String(++this.#version);
    return frozen({ ...object, metadata: { ...object.metadata, resourceVersion } });
  }

  #publish(collection: string, type: ApiWatchEvent["type"], object: KubeObject, before: KubeObject | null) {
    const change: Change = { version: this.#version, collection, event: { type, object }, before };
    this.#changes.push(change);
    for (const watcher of [...this.#watchers]) tell(watcher, change);
  }

  #now(): string {
    return this.timers
      .wall()
      .toISOString()
      .replace(/\.\d+Z$/, "Z");
  }
}

/** An object that comes into a selection is added there; one that leaves it is deleted there. */
function tell(watcher: Watcher, { collection, event, before }: Change): void {
  if (collection !== watcher.target.collection) return;
  const { object, type } = event;
  const did = before !== null && watcher.matches(before);
  const does = type !== "DELETED" && watcher.matches(object);
  if (did && does) watcher.send({ type: "MODIFIED", object });
  else if (does) watcher.send({ type: "ADDED", object });
  else if (did) watcher.send({ type: "DELETED", object });
}

function ok(object: object, code = 200): ApiResponse {
  return { kind: "object", code, object };
}

function targetOf(path: string): Target {
  const segments = path.split("/").slice(1);
  const group = segments.shift() === "apis" ? (segments.shift() ?? "") : "";
  segments.shift();
  const namespace = segments[0] === "namespaces" && segments.length > 2 ? (segments[1] ?? null) : null;
  const [resource = "", name = null, subresource = null] = namespace === null ? segments : segments.slice(2);
  return { collection: `${group}/${resource}`, namespace, name, subresource };
}

function typeOf(target: Target): { apiVersion: string; kind: string } {
  const [group = "", resource = ""] = target.collection.split("/");
  const kind = kindOfResource(group, resource);
  if (kind === undefined) throw new StatusError("NotFound", `no resource ${target.collection}`);
  const version = kind.versions[0] as string;
  return { apiVersion: group === "" ? version : `${group}/${version}`, kind: kind.kind };
}

/** Equality terms of labels and fields: "a=b,c!=d". */
function selectorOf(target: Target, query: URLSearchParams): (object: KubeObject) => boolean {
  const labels = termsOf(query.get("labelSelector"));
  const fields = termsOf(query.get("fieldSelector"));
  return (object) =>
    (target.namespace === null || object.metadata.namespace === target.namespace) &&
    labels.every(({ key, value, isEqual }) => (object.metadata.labels?.[key] === value) === isEqual) &&
    fields.every(({ key, value, isEqual }) => ((fieldOf(object, key) ?? "") === value) === isEqual);
}

function termsOf(selector: string | null): { key: string; value: string; isEqual: boolean }[] {
  if (selector === null || selector === "") return [];
  return selector.split(",").map((term) => {
    const [key = "", value = ""] = term.split(/!=|==?/);
    return { key, value, isEqual: !term.includes("!=") };
  });
}

function fieldOf(object: KubeObject, path: string): unknown {
  return path.split(".").reduce<unknown>((value, field) => (value as Loose | undefined)?.[field], object);
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === "object" && target !== null && !Array.isArray(target);
  const merged: Loose = isObject ? { ...(target as Loose) } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field];
    else merged[field] = mergePatch(merged[field], value);
  }
  return merged;
}

function frozen<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
