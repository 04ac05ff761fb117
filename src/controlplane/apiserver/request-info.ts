// What a path asks for: /apis/GROUP/VERSION/namespaces/NS/RESOURCE/NAME/SUBRESOURCE and its shorter forms.
// Source: apiserver pkg/endpoints/request/requestinfo.go (grammar of paths and names of verbs).
import type { ApiRequest, HttpMethod } from "../protocol/api-request.js";

export interface RequestInfo {
  /** False: /version, /healthz, discovery... */
  readonly isResourceRequest: boolean;
  /** "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"; else the method in lower case. */
  readonly verb: string;
  readonly path: string;
  readonly group: string;
  readonly version: string;
  /** "": none given. */
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
}

const METHOD_VERBS: Readonly<Partial<Record<HttpMethod, string>>> = {
  POST: "create",
  GET: "get",
  HEAD: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** What follows a namespace's name and is not a resource in it. */
const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(["status", "finalize"]);

export function requestInfo(request: ApiRequest): RequestInfo {
  const { path, method } = request;
  const parts = partsOf(path);
  const { group, version, end } = groupVersionOfParts(parts);
  const isWatchPath = parts[end] === "watch" && parts.length > end + 1;
  const target = end === 0 ? null : targetOf(parts, isWatchPath ? end + 1 : end);
  if (target === null) return nonResource(path, method);
  const { namespace, resource, subresource } = target;
  const verb = isWatchPath ? "watch" : verbOf(request, target.name, subresource);
  const name =
    target.name === "" && (verb === "list" || verb === "watch") ? selectedName(request) : target.name;
  return { isResourceRequest: true, verb, path, group, version, namespace, resource, subresource, name };
}

/** What is between slashes, unless it is nothing. Split and filter take three times as long, for every request. */
function partsOf(path: string): readonly string[] {
  const parts: string[] = [];
  for (let start = 0; start < path.length; ) {
    const slash = path.indexOf("/", start);
    const end = slash < 0 ? path.length : slash;
    if (end > start) parts.push(path.slice(start, end));
    start = end + 1;
  }
  return parts;
}

function nonResource(path: string, method: HttpMethod): RequestInfo {
  return {
    isResourceRequest: false,
    verb: method.toLowerCase(),
    path,
    group: "",
    version: "",
    namespace: "",
    resource: "",
    subresource: "",
    name: "",
  };
}

/** `end`: of the parts that say it; 0: they do not. */
function groupVersionOfParts(parts: readonly string[]) {
  const [root = "", first = "", second = ""] = parts;
  if (root === "api" && parts.length > 2) return { group: "", version: first, end: 2 };
  if (root === "apis" && parts.length > 3) return { group: first, version: second, end: 3 };
  return { group: "", version: "", end: 0 };
}

/** @param at index of the resource's part */
function targetOf(parts: readonly string[], at: number) {
  const count = parts.length - at;
  const resource = parts[at] ?? "";
  const name = parts[at + 1] ?? "";
  const subresource = parts[at + 2] ?? "";
  if (resource !== "namespaces" || count < 3 || NAMESPACE_SUBRESOURCES.has(subresource)) {
    // A namespace's own name is the namespace that it is about, for access rules.
    const namespace = resource === "namespaces" ? name : "";
    return count > 3 && subresource !== "proxy" ? null : { namespace, resource, name, subresource };
  }
  const innerSub = parts[at + 4] ?? "";
  if (count > 5 && innerSub !== "proxy") return null;
  return { namespace: name, resource: subresource, name: parts[at + 3] ?? "", subresource: innerSub };
}

function verbOf(request: ApiRequest, name: string, subresource: string): string {
  const verb = METHOD_VERBS[request.method] ?? request.method.toLowerCase();
  if (verb === "get" && subresource === "" && isTrue(request.query.get("watch"))) return "watch";
  if (verb === "get" && name === "") return "list";
  if (verb === "delete" && name === "") return "deletecollection";
  return verb;
}

export function isTrue(value: string | null): boolean {
  return value === "1" || value === "true" || value === "True" || value === "";
}

/** A list of one name is about that name, so that rules for names can allow it. */
function selectedName(request: ApiRequest): string {
  const selector = request.query.get("fieldSelector");
  return selector === null ? "" : (/^metadata\.name==?([^,=\\]+)$/.exec(selector)?.[1] ?? "");
}
