// What kind of request it is, for those who count: how long it may last, whether it writes.
// Source: apiserver pkg/server/filters (longrunning), pkg/server/config.go.
import type { RequestInfo } from "../request-info.js";

const READ_VERBS: ReadonlySet<string> = new Set(["get", "list", "watch"]);
const LONG_SUBRESOURCES: ReadonlySet<string> = new Set(["attach", "exec", "log", "portforward", "proxy"]);

/** A stream: it lasts as long as its client wants, and is neither counted nor timed. */
export function isStream({ subresource }: RequestInfo): boolean {
  return LONG_SUBRESOURCES.has(subresource);
}

/** It begins like others and then lasts. */
export function isWatch({ verb }: RequestInfo): boolean {
  return verb === "watch";
}

export function isReadOnly({ verb }: RequestInfo): boolean {
  return READ_VERBS.has(verb);
}
