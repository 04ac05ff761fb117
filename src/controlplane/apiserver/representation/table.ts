// Objects as rows for people.
import type { Kind, PrinterColumn } from "../../../api/kinds/kind.js";
import type { KubeObject } from "../../../api/meta.js";
import { partialMetadata } from "./partial-metadata.js";

export interface Table {
  readonly kind: "Table";
  readonly apiVersion: string;
  readonly metadata: object;
  readonly columnDefinitions: readonly object[];
  readonly rows: readonly object[];
}

export interface TableOptions {
  /** "v1" of meta.k8s.io. */
  readonly version: string;
  /** What of the object each row carries. */
  readonly includes: "None" | "Metadata" | "Object";
  /** For ages. */
  readonly nowMs: number;
  /** Watchers are told the columns once. */
  readonly withColumns: boolean;
}

/** @param object an object, or a list of them */
export function tableOf(kind: Kind, object: object, options: TableOptions): Table {
  const list = object as {
    readonly metadata?: Record<string, unknown>;
    readonly items?: readonly KubeObject[];
  };
  const items = list.items ?? [object as KubeObject];
  const columns = columnsOf(kind);
  const { resourceVersion, continue: next, remainingItemCount } = list.metadata ?? {};
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata: {
      resourceVersion,
      ...(next === undefined ? {} : { continue: next }),
      ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
    },
    columnDefinitions: options.withColumns ? columns.map(definitionOf) : [],
    rows: items.map((item) => ({
      cells: columns.map((column) => column.value(item, options.nowMs)),
      ...objectPart(item, options),
    })),
  };
}

function definitionOf({ name, type, format, description, priority }: PrinterColumn): object {
  return { name, type, format: format ?? "", description: description ?? "", priority: priority ?? 0 };
}

function objectPart(object: KubeObject, { includes, version }: TableOptions): object {
  if (includes === "None") return {};
  return { object: includes === "Object" ? object : partialMetadata(object, version) };
}

const NAME: PrinterColumn = {
  name: "Name",
  type: "string",
  format: "name",
  value: ({ metadata }) => metadata.name,
};
const CREATED: PrinterColumn = {
  name: "Created At",
  type: "date",
  value: ({ metadata }) => metadata.creationTimestamp ?? null,
};

function columnsOf(_kind: Kind): readonly PrinterColumn[] {
  return [NAME, CREATED];
}
