// One request for a resource, and what handlers of such requests work with.
import { toVersion } from "../object-codec.js";
import type { Kind } from "../../../api/kinds/kind.js";
import { apiVersionOf } from "../../../api/kinds/kinds.js";
import type { KubeObject } from "../../../api/meta.js";
import type { Prng } from "../../../base/prng.js";
import type { Timers } from "../../../base/timers.js";
import type { ApiRequest, ApiResponse, UserInfo } from "../../protocol/api-request.js";
import type { Admission, Eventually } from "../access.js";
import type { Validation } from "../validation.js";
import type { RequestInfo } from "../request-info.js";
import type { BookmarkClock } from "./bookmark-clock.js";
import type { ApiMetrics } from "../metrics/api-metrics.js";
import type { ObjectStore } from "../storage/object-store.js";
import { resourcePrefix, storageKey } from "../storage/storage-key.js";

/** What all calls share. */
export interface Registry {
  readonly objects: ObjectStore;
  readonly timers: Timers;
  readonly prng: Prng;
  readonly newUid: () => string;
  readonly admission: Admission;
  readonly validation: Validation;
  readonly bookmarks: BookmarkClock;
  readonly metrics: ApiMetrics;
}

export interface ResourceCall {
  readonly registry: Registry;
  readonly request: ApiRequest;
  readonly info: RequestInfo;
  readonly user: UserInfo;
  readonly kind: Kind;
  /** Asked for; objects are stored in kind.storageVersion. */
  readonly version: string;
  /** Where the kind's objects lie. */
  readonly prefix: string;
  /** Told to the client in Warning headers. */
  readonly warnings: string[];
  /** Nothing is changed. The query says so or, of a deletion, its body. */
  isDryRun: boolean;
}

export type ResourceHandler = (call: ResourceCall) => Eventually<ApiResponse>;

const PREFIXES = new WeakMap<Kind, string>();

export function prefixOf(kind: Kind): string {
  let prefix = PREFIXES.get(kind);
  if (prefix === undefined) {
    prefix = resourcePrefix(kind);
    PREFIXES.set(kind, prefix);
  }
  return prefix;
}

/** @param namespace "" for kinds without namespaces */
export function keyOf(call: ResourceCall, name: string): string {
  return storageKey(call.prefix, call.kind.isNamespaced ? call.info.namespace : "", name);
}

let lastSecond = Number.NaN;
let lastTimestamp = "";

/** RFC 3339 in whole seconds, as metav1.Time. Many are asked for within a second: the text is kept. */
export function timestamp(timers: Timers, plusSeconds = 0): string {
  const second = Math.floor(timers.wall().getTime() / 1000) + plusSeconds;
  if (second !== lastSecond) {
    lastSecond = second;
    lastTimestamp = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
  }
  return lastTimestamp;
}

/** An object as the client asked for it: of the version in the path. */
export function answer(call: ResourceCall, code: number, object: KubeObject): ApiResponse {
  const versioned = toVersion(object, call.kind, call.version);
  return call.warnings.length === 0
    ? { kind: "object", code, object: versioned }
    : { kind: "object", code, object: versioned, headers: { warning: warningHeader(call.warnings) } };
}

/** Source: RFC 7234 section 5.5, as apimachinery writes it. */
function warningHeader(warnings: readonly string[]): string {
  return warnings.map((text) => `299 - "${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`).join(", ");
}

export function apiVersion(call: ResourceCall): string {
  return apiVersionOf(call.kind.group, call.version);
}
