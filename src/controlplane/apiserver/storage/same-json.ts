/**
 * Whether two plain values would be written as the same JSON, whatever the order of their fields.
 */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => isSameJson(item, b[index]));
  return !Array.isArray(b) && isSameRecord(a as Record<string, unknown>, b as Record<string, unknown>);
}

/** Fields that are undefined are not there. */
function isSameRecord(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  let difference = 0;
  for (const name of Object.keys(a)) {
    if (a[name] === undefined) continue;
    difference++;
    if (!Object.hasOwn(b, name) || !isSameJson(a[name], b[name])) return false;
  }
  for (const name of Object.keys(b)) if (b[name] !== undefined) difference--;
  return difference === 0;
}
