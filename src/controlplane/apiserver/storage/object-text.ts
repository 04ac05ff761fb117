// The JSON of objects, made once for the store, the answer and all watchers.
// Why: a Pod is written to the store, answered to its writer, sent to its watchers and read again soon after; making its
// JSON costs a tenth of such a request each time. Objects are never written to once they are shared, so their text holds.
// Which: that of late, in two generations; when the young one is full, the old one is forgotten. What is asked for again
// moves to the young one.
// Cost: O(1) and two Map lookups for what is known; at most 2 x GENERATION_CHARS_MAX characters are kept.
import type { KubeObject } from "../../../api/meta.js";

const GENERATION_CHARS_MAX = 8 * 1024 * 1024;
/** What is larger is rare, and would push out a thousand others. */
const KEPT_CHARS_MAX = 64 * 1024;

let young = new Map<object, string>();
let old = new Map<object, string>();
let youngChars = 0;

/** Of anything that is not written to any more; objects of the storage, and lists of them, are found again. */
export function textOf(object: object): string {
  const known = knownText(object);
  if (known !== undefined) return known;
  const { items } = object as { readonly items?: unknown };
  if (Array.isArray(items)) return listText(object, items as readonly object[]);
  const text = JSON.stringify(object);
  if (isStored(object)) keepText(object, text);
  return text;
}

export function keepText(object: object, text: string): void {
  if (text.length > KEPT_CHARS_MAX) return;
  young.set(object, text);
  youngChars += text.length;
  if (youngChars < GENERATION_CHARS_MAX) return;
  old = young;
  young = new Map();
  youngChars = 0;
}

function knownText(object: object): string | undefined {
  const text = young.get(object);
  if (text !== undefined) return text;
  const older = old.get(object);
  if (older !== undefined) keepText(object, older);
  return older;
}

/** A list is asked for once, and what it holds is not kept for its sake. */
function listText(list: object, items: readonly object[]): string {
  const texts = items.map((item) => young.get(item) ?? old.get(item) ?? JSON.stringify(item));
  const members: string[] = [];
  for (const [name, value] of Object.entries(list)) {
    if (value === undefined) continue;
    const text = value === items ? `[${texts.join(",")}]` : JSON.stringify(value);
    members.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${members.join(",")}}`;
}

/** Of parts that whole families of objects have in common. */
const SHARED = new WeakMap<object, string>();

/** From now on the part's text is known wherever it is found. @param part that is never written to any more */
export function shareText(part: object): void {
  SHARED.set(part, JSON.stringify(part));
}

export function sharedText(part: object): string | undefined {
  return SHARED.get(part);
}

function isStored(object: object): boolean {
  return (object as Partial<KubeObject>).metadata?.resourceVersion !== undefined;
}
