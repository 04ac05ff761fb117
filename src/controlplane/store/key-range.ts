// A request's key and rangeEnd as a span of keys.
import type { KeySpan } from "./sorted-keys.js";

interface KeyRange {
  readonly key: string;
  /** Exclusive; absent: only `key`; "\0": to the end. */
  readonly rangeEnd?: string;
}

/** Null: the range is the one key. */
export function spanOf(range: KeyRange): KeySpan | null {
  if (range.rangeEnd === undefined || range.rangeEnd === "") return null;
  return { from: range.key, to: range.rangeEnd === "\0" ? null : range.rangeEnd };
}

export function rangeHolds(range: KeyRange, key: string): boolean {
  const span = spanOf(range);
  if (span === null) return key === range.key;
  return key >= span.from && (span.to === null || key < span.to);
}
