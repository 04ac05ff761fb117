// Elements of field paths: how an item of a list is told from the others, and how a path is written in messages.
// Source: structured-merge-diff typed/helpers.go, fieldpath/element.go, serialize-pe.go.
import type { ListSchema, TypeSchema } from "../schema/type-schema.js";
import { isJsonList, isJsonObject, type JsonObject } from "./json-tree.js";

/** Why an item of a list cannot be told from the others. */
export class ElementProblem extends Error {
  override readonly name = "ElementProblem";
}

/**
 * What tells an item from the others of a list that is a set or a map: `v:"a"`, `k:{"name":"web"}`.
 *
 * @throws {ElementProblem} when nothing does
 */
export function elementOf(item: unknown, list: ListSchema): string {
  return list.listType === "map" ? keyedElement(item, list) : `v:${JSON.stringify(scalarItem(item))}`;
}

function scalarItem(item: unknown): unknown {
  if (item === null)
    throw new ElementProblem("associative list without keys has an element that's an explicit null");
  if (isJsonList(item)) throw new ElementProblem("not supported: associative list with lists as elements");
  if (isJsonObject(item))
    throw new ElementProblem("associative list without keys has an element that's a map type");
  return item;
}

function keyedElement(item: unknown, list: ListSchema): string {
  if (item === null) throw new ElementProblem("associative list with keys may not have a null element");
  if (!isJsonObject(item))
    throw new ElementProblem("associative list with keys may not have non-map elements");
  if (list.mapKeys.length === 1) {
    const name = list.mapKeys[0] as string;
    const value = keyOrDefault(item, name, list.items);
    if (value !== undefined) return `k:{${JSON.stringify(name)}:${JSON.stringify(value)}}`;
  } else {
    const keys: Record<string, unknown> = {};
    for (const name of [...list.mapKeys].sort()) {
      const value = keyOrDefault(item, name, list.items);
      if (value !== undefined) keys[name] = value;
    }
    if (Object.keys(keys).length > 0) return `k:${JSON.stringify(keys)}`;
  }
  const names = list.mapKeys.map((name) => JSON.stringify(name)).join(" ");
  throw new ElementProblem(
    `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
  );
}

function keyOrDefault(item: JsonObject, name: string, items: TypeSchema): unknown {
  const value = item[name];
  if (value !== undefined) return value;
  return items.kind === "object" ? items.fields.get(name)?.default : undefined;
}

/** `.spec.containers[name="web"].image` */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join("");
}

/** As a path writes it: `.name`, `[name="web"]`, `[="a"]`, `[0]`. */
export function elementText(element: string): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case "f":
      return `.${rest}`;
    case "k": {
      const keys = JSON.parse(rest) as JsonObject;
      const names = Object.keys(keys);
      return `[${names.map((name) => `${name}=${JSON.stringify(keys[name])}`).join(",")}]`;
    }
    case "v":
      return `[=${rest}]`;
    default:
      return `[${rest}]`;
  }
}

/** Items by what tells them apart, those that cannot be told apart together, in order of first sight. */
export function itemsByElement(
  items: readonly unknown[] | null,
  list: ListSchema,
): ReadonlyMap<string, readonly unknown[]> {
  const byElement = new Map<string, unknown[]>();
  for (const item of items ?? []) {
    const element = elementOf(item, list);
    const same = byElement.get(element);
    if (same === undefined) byElement.set(element, [item]);
    else same.push(item);
  }
  return byElement;
}
