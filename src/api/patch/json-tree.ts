// JSON trees as patches handle them: read only, so that what a patch leaves alone is shared with the result.

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isJsonList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Whether two trees say the same; the order of members does not count. Cost: nothing for shared subtrees. */
export function jsonEquals(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (isJsonList(left)) {
    if (!isJsonList(right) || left.length !== right.length) return false;
    for (let index = 0; index < left.length; index++)
      if (!jsonEquals(left[index], right[index])) return false;
    return true;
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false;
  let count = 0;
  for (const name in left) {
    if (left[name] === undefined) continue;
    if (!jsonEquals(left[name], right[name])) return false;
    count++;
  }
  for (const name in right) if (right[name] !== undefined) count--;
  return count === 0;
}

/** As Go's %v prints it, which is how upstream's messages quote trees: map[image:nginx name:web]. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (isJsonList(value)) return `[${value.map(goText).join(" ")}]`;
  if (!isJsonObject(value)) return String(value);
  const names = Object.keys(value).sort();
  return `map[${names.map((name) => `${name}:${goText(value[name])}`).join(" ")}]`;
}

/** Go's name of the type that its JSON reader gives a value. */
export function goTypeName(value: unknown): string {
  if (value === null || value === undefined) return "%!s(<nil>)";
  if (isJsonList(value)) return "[]interface {}";
  if (typeof value === "object") return "map[string]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return typeof value === "boolean" ? "bool" : "string";
}

/** What Go's JSON reader calls a value that it cannot put into a type. */
export function jsonTypeName(value: unknown): string {
  if (isJsonList(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** JSON with members in order of their names, as Go writes it. */
export function sortedJson(value: unknown): string {
  if (isJsonList(value)) return `[${value.map(sortedJson).join(",")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value ?? null);
  const names = Object.keys(value).filter((name) => value[name] !== undefined);
  return `{${names
    .sort()
    .map((name) => `${JSON.stringify(name)}:${sortedJson(value[name])}`)
    .join(",")}}`;
}
