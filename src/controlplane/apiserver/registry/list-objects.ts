// GET of a collection: from the cache at its revision, or page by page at the revision of the first page.
// Source: apiserver pkg/storage (GetList).
import { toVersion } from "../object-codec.js";
import type { KubeObject } from "../../../api/meta.js";
import type { ApiResponse } from "../../protocol/api-request.js";
import type { Revision } from "../../store/store.js";
import type { StoredEntry } from "../storage/sorted-objects.js";
import { badRequest } from "./api-failures.js";
import { decodeContinue, encodeContinue } from "./continue-token.js";
import { checkListOptions } from "./list-options.js";
import { type Selection, selectedEntries, selectionOf } from "./list-selection.js";
import { apiVersion, type ResourceCall } from "./resource-call.js";
import { checkResourceVersion, revisionAsked } from "./resource-version.js";

/** Keys read at once when a selector may leave few of them. */
const SCAN_PAGE = 1000;

export interface ListedPage {
  readonly revision: Revision;
  readonly objects: readonly KubeObject[];
  /** Where the next page begins; null: this is the last. */
  readonly next: string | null;
  /** After this page; null when a selector hides it. */
  readonly remaining: number | null;
}

export async function listObjects(call: ResourceCall): Promise<ApiResponse> {
  return { kind: "object", code: 200, object: listOf(call, await listedPage(call)) };
}

/** "PodList" of a page, in the version asked for. */
function listOf(call: ResourceCall, page: ListedPage): object {
  const { kind, version } = call;
  const { revision, next, remaining } = page;
  return {
    kind: `${kind.kind}List`,
    apiVersion: apiVersion(call),
    metadata: {
      resourceVersion: String(revision),
      ...(next === null ? {} : { continue: encodeContinue({ revision, start: next }) }),
      ...(next === null || remaining === null ? {} : { remainingItemCount: remaining }),
    },
    items: page.objects.map((object) => toVersion(object, kind, version)),
  };
}

export async function listedPage(call: ResourceCall): Promise<ListedPage> {
  const { query } = call.request;
  const limit = limitAsked(query.get("limit"));
  const token = query.get("continue");
  checkListOptions(call);
  checkContinued(query);
  const selection = selectionOf(call);
  if (token) return continued(call, selection, limit, decodeContinue(token));
  const asked = checkResourceVersion(call, query.get("resourceVersion"));
  const waiting = call.registry.objects.fresh();
  if (waiting !== undefined) await waiting;
  if (
    query.get("resourceVersionMatch") === "Exact" &&
    asked !== null &&
    asked !== call.registry.objects.revision
  )
    return pageAt(call, selection, limit, { revision: asked, start: "" });
  // Any state will do: all of it is at hand, and a page less is one more request.
  return cachedPage(call, selection, asked === 0 ? 0 : limit, "");
}

function limitAsked(text: string | null): number {
  const limit = Number(text ?? 0);
  if (!Number.isSafeInteger(limit) || limit < 0)
    throw badRequest(`Invalid value: "${text}": limit must be a whole number`);
  return limit;
}

function checkContinued(query: URLSearchParams): void {
  if (query.get("continue") && (revisionAsked(query.get("resourceVersion")) ?? 0) !== 0)
    throw badRequest("specifying resource version is not allowed when using continue");
}

/** The first pages mostly end before anything has changed: then the cache is the state that the rest is wanted of. */
async function continued(
  call: ResourceCall,
  selection: Selection,
  limit: number,
  from: { readonly revision: Revision; readonly start: string },
): Promise<ListedPage> {
  const waiting = call.registry.objects.fresh();
  if (waiting !== undefined) await waiting;
  return from.revision === call.registry.objects.revision
    ? cachedPage(call, selection, limit, from.start)
    : pageAt(call, selection, limit, from);
}

function cachedPage(call: ResourceCall, selection: Selection, limit: number, start: string): ListedPage {
  const { revision } = call.registry.objects;
  const objects: KubeObject[] = [];
  let last: StoredEntry | null = null;
  for (const entry of selectedEntries(call, selection, start === "" ? "" : call.prefix + start)) {
    if (last !== null && limit > 0 && objects.length === limit) {
      const next = nextStart(call, last);
      return { revision, objects, next, remaining: remainingFrom(call, selection, entry) };
    }
    objects.push(entry.object);
    last = entry;
  }
  return { revision, objects, next: null, remaining: null };
}

/** Null: a selector hides it. */
function remainingFrom(call: ResourceCall, { test, namespace }: Selection, entry: StoredEntry) {
  return test === null ? call.registry.objects.cache(call.prefix).countFrom(namespace, entry.key) : null;
}

function nextStart(call: ResourceCall, last: StoredEntry): string {
  return `${last.key.slice(call.prefix.length)}\0`;
}

/** From the store, at an older revision. */
async function pageAt(
  call: ResourceCall,
  selection: Selection,
  limit: number,
  from: { readonly revision: Revision; readonly start: string },
): Promise<ListedPage> {
  const folder = selection.namespace === "" ? call.prefix : `${call.prefix}${selection.namespace}/`;
  const { revision } = from;
  const objects: KubeObject[] = [];
  let start = from.start === "" ? folder : call.prefix + from.start;
  for (;;) {
    const scan = selection.test === null && limit > 0 ? limit : SCAN_PAGE;
    const { entries, more, count } = await call.registry.objects.rangeAt(folder, {
      start,
      limit: scan,
      revision,
    });
    for (const [index, entry] of entries.entries()) {
      if (selection.test !== null && !selection.test(entry.object)) continue;
      objects.push(entry.object);
      if (limit === 0 || objects.length < limit) continue;
      const remaining = count - index - 1;
      const next = remaining > 0 ? nextStart(call, entry) : null;
      return { revision, objects, next, remaining: selection.test === null ? remaining : null };
    }
    const last = entries.at(-1);
    if (!more || last === undefined) return { revision, objects, next: null, remaining: null };
    start = `${last.key}\0`;
  }
}
