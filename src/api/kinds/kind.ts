// What is to be known about a kind of object: one row each, from which routes, discovery, printing, printing widths,
// storage keys and access rules follow. A kind that is not in the table does not exist.
// Source: Kubernetes API reference v1.36; pkg/printers/internalversion/printers.go for columns.
import type { KubeObject } from "../meta.js";

const ALL_VERBS = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
] as const;

export type Verb = (typeof ALL_VERBS)[number];

/** A column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  /** "name" marks the name itself. */
  readonly format?: string;
  readonly description?: string;
  /** 0: always; above: with -o wide. */
  readonly priority?: number;
  /** @param nowMs for ages */
  readonly value: (object: KubeObject, nowMs: number) => string | number | boolean | null;
}

export interface Subresource {
  /** "status", "scale", "binding"... */
  readonly name: string;
  /** What is sent and answered, when it is not the kind itself: { group: "autoscaling", version: "v1", kind: "Scale" }. */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string };
  readonly verbs: readonly string[];
}

export interface Kind {
  /** "" for the core group. */
  readonly group: string;
  /** Served, the preferred one first. */
  readonly versions: readonly string[];
  /** The one that is stored; others are converted at the edge. */
  readonly storageVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly isNamespaced: boolean;
  readonly verbs: readonly Verb[];
  readonly subresources: readonly Subresource[];
  /** Stored together with the same kind of another group: events of "" and events.k8s.io. */
  readonly storedAs?: { readonly group: string; readonly plural: string };
}

/** What a row must say; the rest is derived. */
export type KindRow = Pick<Kind, "kind" | "plural"> & Partial<Omit<Kind, "group" | "kind" | "plural">>;

/** The kinds of one group, with what most of them share filled in. */
export function kindsOf(
  group: string,
  versions: readonly string[],
  rows: readonly KindRow[],
): readonly Kind[] {
  return rows.map((row) => ({
    group,
    versions,
    storageVersion: (row.versions ?? versions)[0] as string,
    singular: row.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    isNamespaced: true,
    verbs: ALL_VERBS,
    subresources: [],
    ...row,
  }));
}

export const STATUS: Subresource = { name: "status", verbs: ["get", "patch", "update"] };
export const SCALE: Subresource = {
  name: "scale",
  kind: { group: "autoscaling", version: "v1", kind: "Scale" },
  verbs: ["get", "patch", "update"],
};
