// Conflicts of server-side apply, in upstream's words.
// Source: apimachinery pkg/util/managedfields/internal/conflict.go.
import { StatusError } from "../status.js";
import { type FieldSet, pathsOf } from "./field-set.js";
import type { ManagedEntry } from "./managed-fields.js";
import { pathText } from "./path-element.js";

/** Fields of another manager that would change. */
export interface Conflict {
  readonly entry: ManagedEntry;
  readonly fields: FieldSet;
}

export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const byManager = conflicts
    .toSorted((left, right) => (identityText(left.entry) < identityText(right.entry) ? -1 : 1))
    .map(({ entry, fields }) => ({ manager: managerText(entry), paths: [...pathsOf(fields)].map(pathText) }));
  const causes = byManager.flatMap(({ manager, paths }) =>
    paths.map((field) => ({ reason: "FieldManagerConflict", message: `conflict with ${manager}`, field })),
  );
  return new StatusError("Conflict", conflictText(byManager, causes.length), { causes });
}

function conflictText(
  byManager: readonly { readonly manager: string; readonly paths: readonly string[] }[],
  count: number,
): string {
  const [first] = byManager;
  if (count === 1 && first !== undefined)
    return `Apply failed with 1 conflict: conflict with ${first.manager}: ${first.paths[0]}`;
  const lines = byManager.flatMap(({ manager, paths }) => [
    `conflicts with ${manager}:`,
    ...paths.map((path) => `- ${path}`),
  ]);
  return `Apply failed with ${count} conflicts: ${lines.join("\n")}`;
}

/** `"kubectl-create" with subresource "status" using apps/v1` */
function managerText({ manager, subresource, operation, apiVersion }: ManagedEntry): string {
  const name =
    JSON.stringify(manager) + (subresource === "" ? "" : ` with subresource ${JSON.stringify(subresource)}`);
  return operation === "Update" ? `${name} using ${apiVersion}` : name;
}

/** What upstream sorts managers by. */
function identityText({ manager, operation, apiVersion, subresource }: ManagedEntry): string {
  const version = operation === "Apply" ? {} : { apiVersion };
  return JSON.stringify({ manager, operation, ...version, ...(subresource === "" ? {} : { subresource }) });
}
