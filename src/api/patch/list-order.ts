// The order of a list that two sides merged: the patch's items in the patch's order, the others in the live order,
// zipped so that an item of the others comes first where the live list had it first.
// Source: apimachinery pkg/util/strategicpatch/patch.go normalizeElementOrder, mergeSortedSlice; the design proposal
// "preserve order in strategic merge patch".
import { isJsonObject, type JsonObject } from "./json-tree.js";
import { missingMergeKey, wrongType } from "./patch-errors.js";

/**
 * @param items the merged list
 * @param mine items of `items` with these keys belong to the patch
 * @param patchOrder order of those
 * @param liveOrder order of the others, and of both where it knows both
 * @param mergeKey "" for scalars
 */
export function withOrder(
  items: readonly unknown[],
  mine: readonly unknown[],
  patchOrder: readonly unknown[],
  liveOrder: readonly unknown[],
  mergeKey: string,
): readonly unknown[] {
  const keys = new Set(mine.map((item) => (mergeKey === "" ? item : memberOf(item, mergeKey))));
  const patched: unknown[] = [];
  const others: unknown[] = [];
  for (const item of items) (keys.has(keyOf(item, mergeKey)) ? patched : others).push(item);
  return zipped(
    sorted(patched, patchOrder, mergeKey),
    sorted(others, liveOrder, mergeKey),
    liveOrder,
    mergeKey,
  );
}

/** The value of an item's merge key. @throws {StatusError} when it has none */
export function keyValueOf(item: JsonObject, mergeKey: string): unknown {
  const value = item[mergeKey];
  if (value === undefined) throw missingMergeKey(item, mergeKey);
  return value;
}

function keyOf(item: unknown, mergeKey: string): unknown {
  if (mergeKey === "") return item;
  if (!isJsonObject(item)) throw wrongType({}, item);
  return keyValueOf(item, mergeKey);
}

function memberOf(item: unknown, mergeKey: string): unknown {
  return isJsonObject(item) ? item[mergeKey] : null;
}

/** Key -> first place. */
function ranksOf(order: readonly unknown[], mergeKey: string): ReadonlyMap<unknown, number> {
  const ranks = new Map<unknown, number>();
  for (const [index, item] of order.entries()) {
    const key = keyOf(item, mergeKey);
    if (!ranks.has(key)) ranks.set(key, index);
  }
  return ranks;
}

/**
 * Stable where both items are ranked; an item without a rank goes before the one it is compared with. That is no order,
 * so the result depends on which pairs are compared: insertion, as upstream's sort does with few items.
 */
function sorted(items: readonly unknown[], order: readonly unknown[], mergeKey: string): unknown[] {
  const ranks = ranksOf(order, mergeKey);
  const result = [...items];
  const isBefore = (left: unknown, right: unknown) => {
    const leftRank = ranks.get(keyOf(left, mergeKey));
    const rightRank = ranks.get(keyOf(right, mergeKey));
    return leftRank === undefined || rightRank === undefined || leftRank < rightRank;
  };
  for (let end = 1; end < result.length; end++)
    for (let at = end; at > 0 && isBefore(result[at], result[at - 1]); at--)
      [result[at - 1], result[at]] = [result[at], result[at - 1]];
  return result;
}

function zipped(
  patched: readonly unknown[],
  others: readonly unknown[],
  liveOrder: readonly unknown[],
  mergeKey: string,
): readonly unknown[] {
  const ranks = ranksOf(liveOrder, mergeKey);
  const result: unknown[] = [];
  let other = 0;
  for (const item of patched) {
    const rank = ranks.get(keyOf(item, mergeKey));
    while (other < others.length && rank !== undefined) {
      const otherRank = ranks.get(keyOf(others[other], mergeKey));
      if (otherRank === undefined || otherRank >= rank) break;
      result.push(others[other++]);
    }
    result.push(item);
  }
  return [...result, ...others.slice(other)];
}
