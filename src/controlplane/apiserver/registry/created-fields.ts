// managedFields of new objects, by their shape.
// Why: what a creator owns follows from which fields there are, not from most of their values, and objects come by the
// thousand from few templates. Comparing an object to nothing takes ten times as long as spelling its shape; and all
// objects of a shape then share one set of fields.
// What counts: the names of fields, whether a value is absent or zero, and, since items are told apart by their values,
// everything that is in lists.
// Cost: O(size of the object); at most SHAPES_MAX sets are kept.

import { shareText } from "../storage/object-text.js";

const SHAPES_MAX = 1024;
/** Lists this large are seldom alike. */
const SHAPE_CHARS_MAX = 8192;

const ENTRIES = new Map<string, object>();

/** @returns null: the shape is not worth keeping */
export function shapeOf(writer: readonly string[], object: object): string | null {
  const shape = `${JSON.stringify(writer)}${outsideLists(object)}`;
  return shape.length > SHAPE_CHARS_MAX ? null : shape;
}

export function entryOfShape(shape: string): object | undefined {
  return ENTRIES.get(shape);
}

/** Keeps what the creator of an object of this shape owns, if it is all that was recorded. */
export function keepEntry(shape: string, entries: readonly object[] | undefined): void {
  const [entry] = entries ?? [];
  if (entry === undefined || entries?.length !== 1) return;
  if (ENTRIES.size >= SHAPES_MAX) ENTRIES.clear();
  ENTRIES.set(shape, entry);
  const { fieldsV1 } = entry as { readonly fieldsV1?: object };
  if (fieldsV1 !== undefined) shareText(fieldsV1);
}

function outsideLists(object: object): string {
  let shape = "{";
  for (const name in object) {
    const value = (object as Record<string, unknown>)[name];
    // With its length a name cannot be mistaken for anything else, whatever is in it.
    if (value !== undefined) shape += `${name.length}:${name}${shapeOfValue(value)}`;
  }
  return `${shape}}`;
}

function shapeOfValue(value: unknown): string {
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? JSON.stringify(value) : outsideLists(value);
  if (value === null) return "n";
  return value === "" || value === 0 || value === false ? "0" : "s";
}
