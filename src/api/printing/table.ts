// Objects as a Table, which is what `kubectl get` asks for: columns and cells, ready to print.
// Columns that only -o wide shows are always there; the client picks by priority.
// Source: apimachinery pkg/apis/meta/v1/types.go Table; apiserver pkg/endpoints/handlers/response.go.
import type { PrinterColumn } from "../kinds/kind.js";
import type { KubeObject } from "../meta.js";
import { columnsOfKind } from "./columns.js";

/** What goes with each row: nothing, the metadata, or the object. */
export type IncludeObject = "None" | "Metadata" | "Object";

export interface TableOptions {
  readonly nowMs: number;
  readonly includeObject: IncludeObject;
  /** Of meta.k8s.io. */
  readonly apiVersion: "v1" | "v1beta1";
  /** Of the list: resourceVersion, continue, remainingItemCount. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Table {
  readonly kind: "Table";
  readonly apiVersion: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly columnDefinitions: readonly object[];
  readonly rows: readonly TableRow[];
}

interface TableRow {
  readonly cells: readonly (string | number | boolean | null)[];
  readonly conditions?: readonly object[];
  readonly object: object | null;
}

/** @param kind its group ("" is core) and name */
export function tableOf(
  kind: { readonly group: string; readonly kind: string },
  objects: readonly KubeObject[],
  options: TableOptions,
): Table {
  const columns = columnsOfKind(kind.group, kind.kind);
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${options.apiVersion}`,
    metadata: options.metadata,
    columnDefinitions: definitionsOf(columns),
    rows: objects.map((object) => rowOf(object, columns, options)),
  };
}

const definitions = new WeakMap<readonly PrinterColumn[], readonly object[]>();

function definitionsOf(columns: readonly PrinterColumn[]): readonly object[] {
  let known = definitions.get(columns);
  if (known === undefined) {
    known = columns.map(({ name, type, format = "", description = "", priority = 0 }) => ({
      name,
      type,
      format,
      description,
      priority,
    }));
    definitions.set(columns, known);
  }
  return known;
}

function rowOf(object: KubeObject, columns: readonly PrinterColumn[], options: TableOptions): TableRow {
  const cells = columns.map(({ value }) => value(object, options.nowMs));
  const conditions = endOf(object);
  const included = includedOf(object, options);
  return conditions === null ? { cells, object: included } : { cells, conditions, object: included };
}

function includedOf(object: KubeObject, { includeObject, apiVersion }: TableOptions): object | null {
  switch (includeObject) {
    case "None":
      return null;
    case "Object":
      return object;
    case "Metadata":
      return {
        kind: "PartialObjectMetadata",
        apiVersion: `meta.k8s.io/${apiVersion}`,
        metadata: object.metadata,
      };
  }
}

const ENDS: ReadonlyMap<string, readonly object[]> = new Map(
  [
    ["Succeeded", "The pod has completed successfully."],
    ["Failed", "The pod failed."],
  ].map(([reason, message]) => [reason as string, [{ type: "Completed", status: "True", reason, message }]]),
);

/** A Pod that ran to its end is marked, so that a client may leave it out. */
function endOf(object: KubeObject): readonly object[] | null {
  if (object.kind !== "Pod") return null;
  const { status } = object as { status?: { phase?: string } };
  return ENDS.get(status?.phase ?? "") ?? null;
}
