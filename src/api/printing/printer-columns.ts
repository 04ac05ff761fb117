// How columns of `kubectl get` are written down: one row of data each, typed by the kind that they read.
import type { PrinterColumn } from "../kinds/kind.js";
import type { KubeObject } from "../meta.js";
import { ageOf } from "./human-duration.js";

type Cell = string | number | boolean | null;

/** What a column shows of an object of this kind. @param nowMs for ages */
type CellOf<Kind> = (object: Kind, nowMs: number) => Cell;

interface Dated {
  readonly metadata?: { readonly name?: string; readonly creationTimestamp?: string };
}

/** Columns that read one kind. */
export class Columns<Kind> {
  readonly list: readonly PrinterColumn[];

  constructor(list: readonly PrinterColumn[] = []) {
    this.list = list;
  }

  text(name: string, value: CellOf<Kind>): Columns<Kind> {
    return this.#with(name, "string", 0, value);
  }

  integer(name: string, value: CellOf<Kind>): Columns<Kind> {
    return this.#with(name, "integer", 0, value);
  }

  boolean(name: string, value: CellOf<Kind>): Columns<Kind> {
    return this.#with(name, "boolean", 0, value);
  }

  /** Shown with -o wide. */
  wide(name: string, value: CellOf<Kind>): Columns<Kind> {
    return this.#with(name, "string", 1, value);
  }

  /** Of the object's name, or what is shown for it. */
  name(
    priority = 0,
    value: CellOf<Kind> = (object) => (object as Dated).metadata?.name ?? "",
  ): Columns<Kind> {
    return this.#with("Name", "string", priority, value, "name");
  }

  age(): Columns<Kind> {
    return this.text("Age", (object, nowMs) => ageOf((object as Dated).metadata?.creationTimestamp, nowMs));
  }

  #with(
    name: string,
    type: PrinterColumn["type"],
    priority: number,
    value: CellOf<Kind>,
    format = "",
  ): Columns<Kind> {
    const read = value as unknown as (object: KubeObject, nowMs: number) => Cell;
    return new Columns<Kind>([...this.list, { name, type, format, priority, value: read }]);
  }
}

/** Columns that begin with the object's name, as most do. */
export function namedColumns<Kind>(): Columns<Kind> {
  return new Columns<Kind>().name();
}

/** Of a kind that says nothing else. */
export const PLAIN_COLUMNS: readonly PrinterColumn[] = [
  ...namedColumns<KubeObject>().list,
  {
    name: "Created At",
    type: "date",
    value: ({ metadata }) => metadata.creationTimestamp ?? null,
  },
];

/** The first few, and how many are left out: "a,b,c + 2 more...". */
export function firstOf(items: readonly string[], max: number, separator: string): string {
  const shown = items.slice(0, max).join(separator);
  return items.length > max ? `${shown} + ${items.length - max} more...` : shown;
}

/** "a,b": names and images of containers. */
export function joined<Item>(
  items: readonly Item[] | undefined,
  value: (item: Item) => string | undefined,
): string {
  return (items ?? []).map((item) => value(item) ?? "").join(",");
}
