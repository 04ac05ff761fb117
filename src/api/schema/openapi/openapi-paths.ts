// The operations on each kind, in neither dialect yet: what follows from a row of the table of kinds.
// Clients look for the PATCH of a kind and whether it takes `fieldValidation` before they send anything.
import { apiVersionOf } from "../../kinds/kinds.js";
import type { Kind, Subresource } from "../../kinds/kind.js";
import type { GroupVersionKind } from "./openapi-schemas.js";

export interface Operation {
  /** "/apis/apps/v1/namespaces/{namespace}/deployments/{name}" */
  readonly path: string;
  readonly method: "get" | "put" | "post" | "delete" | "patch";
  readonly operationId: string;
  /** x-kubernetes-action */
  readonly action: string;
  readonly gvk: GroupVersionKind;
  readonly queryParameters: readonly QueryParameter[];
  readonly pathParameters: readonly string[];
  /** Kinds of what is sent and answered; null: none, or no object. */
  readonly body: GroupVersionKind | null;
  readonly answer: GroupVersionKind | null;
}

export type QueryParameter = keyof typeof QUERY_PARAMETERS;

export const QUERY_PARAMETERS = {
  allowWatchBookmarks: "boolean",
  continue: "string",
  dryRun: "string",
  fieldManager: "string",
  fieldSelector: "string",
  fieldValidation: "string",
  force: "boolean",
  gracePeriodSeconds: "integer",
  labelSelector: "string",
  limit: "integer",
  orphanDependents: "boolean",
  propagationPolicy: "string",
  resourceVersion: "string",
  resourceVersionMatch: "string",
  sendInitialEvents: "boolean",
  timeoutSeconds: "integer",
  watch: "boolean",
} as const;

const WRITE: readonly QueryParameter[] = ["dryRun", "fieldManager", "fieldValidation"];
const DELETE: readonly QueryParameter[] = [
  "dryRun",
  "gracePeriodSeconds",
  "orphanDependents",
  "propagationPolicy",
];
const LIST: readonly QueryParameter[] = [
  "allowWatchBookmarks",
  "continue",
  "fieldSelector",
  "labelSelector",
  "limit",
  "resourceVersion",
  "resourceVersionMatch",
  "sendInitialEvents",
  "timeoutSeconds",
  "watch",
];
const DELETE_COLLECTION: readonly QueryParameter[] = [
  ...DELETE,
  ...LIST.filter((name) => name !== "allowWatchBookmarks" && name !== "watch"),
];

interface VerbRow {
  readonly method: Operation["method"];
  readonly action: string;
  /** First word of the operation's id. */
  readonly word: string;
  readonly parameters: readonly QueryParameter[];
  readonly sends: "object" | "options" | "none";
  readonly answers: "object" | "list" | "status";
}

/** Of a collection or of one object; watch is the list with a parameter. */
const VERBS: Readonly<Record<string, VerbRow>> = {
  list: { method: "get", action: "list", word: "list", parameters: LIST, sends: "none", answers: "list" },
  create: {
    method: "post",
    action: "post",
    word: "create",
    parameters: WRITE,
    sends: "object",
    answers: "object",
  },
  deletecollection: {
    method: "delete",
    action: "deletecollection",
    word: "deleteCollection",
    parameters: DELETE_COLLECTION,
    sends: "options",
    answers: "status",
  },
  get: { method: "get", action: "get", word: "read", parameters: [], sends: "none", answers: "object" },
  update: {
    method: "put",
    action: "put",
    word: "replace",
    parameters: WRITE,
    sends: "object",
    answers: "object",
  },
  patch: {
    method: "patch",
    action: "patch",
    word: "patch",
    parameters: [...WRITE, "force"],
    sends: "none",
    answers: "object",
  },
  delete: {
    method: "delete",
    action: "delete",
    word: "delete",
    parameters: DELETE,
    sends: "options",
    answers: "status",
  },
};
const COLLECTION_VERBS: ReadonlySet<string> = new Set(["list", "create", "deletecollection"]);

export function operationsOf(kind: Kind, version: string): readonly Operation[] {
  const { group, plural, isNamespaced } = kind;
  const root = `${group === "" ? "/api" : "/apis"}/${apiVersionOf(group, version)}`;
  const collection = `${root}${isNamespaced ? "/namespaces/{namespace}" : ""}/${plural}`;
  const gvk = { group, version, kind: kind.kind };
  const own = kind.verbs.flatMap((verb) => {
    const path = COLLECTION_VERBS.has(verb) ? collection : `${collection}/{name}`;
    return operation(kind, version, verb, path, gvk, "");
  });
  const everywhere =
    isNamespaced && kind.verbs.includes("list")
      ? operation(kind, version, "list", `${root}/${plural}`, gvk, "ForAllNamespaces")
      : [];
  const ofSubresources = kind.subresources.flatMap((subresource) =>
    subresourceOperations(kind, version, subresource, `${collection}/{name}/${subresource.name}`),
  );
  return [...everywhere, ...own, ...ofSubresources];
}

function subresourceOperations(
  kind: Kind,
  version: string,
  subresource: Subresource,
  path: string,
): readonly Operation[] {
  const gvk = subresource.kind ?? { group: kind.group, version, kind: kind.kind };
  const suffix = subresource.name.charAt(0).toUpperCase() + subresource.name.slice(1);
  return subresource.verbs.flatMap((verb) => operation(kind, version, verb, path, gvk, suffix));
}

/** None for watch, which is no operation of its own. */
function operation(
  kind: Kind,
  version: string,
  verb: string,
  path: string,
  gvk: GroupVersionKind,
  suffix: string,
): readonly Operation[] {
  const row = VERBS[verb];
  if (row === undefined) return [];
  const isNamespaced = path.includes("{namespace}");
  const scope = isNamespaced ? "Namespaced" : "";
  const answers = {
    object: gvk,
    list: { ...gvk, kind: `${gvk.kind}List` },
    status: { group: "", version: "v1", kind: "Status" },
  };
  const sends = {
    object: gvk,
    options: { group: "", version: "v1", kind: "DeleteOptions" },
    none: null,
  };
  return [
    {
      path,
      method: row.method,
      operationId: `${row.word}${groupWord(kind.group)}${capital(version)}${scope}${kind.kind}${suffix}`,
      action: row.action,
      gvk,
      queryParameters: row.parameters,
      pathParameters: [...(isNamespaced ? ["namespace"] : []), ...(path.includes("{name}") ? ["name"] : [])],
      body: sends[row.sends],
      answer: answers[row.answers],
    },
  ];
}

/** "" -> "Core", "networking.k8s.io" -> "Networking". */
function groupWord(group: string): string {
  return capital(group === "" ? "core" : (group.split(".")[0] ?? ""));
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
