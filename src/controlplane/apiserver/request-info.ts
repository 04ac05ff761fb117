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
  const parts = path.split("/").filter((part) => part !== "");
  const groupVersion = groupVersionOfParts(parts);
  if (groupVersion === null) return nonResource(path, method);
  const { group, version, rest } = groupVersion;
  const isWatchPath = rest[0] === "watch" && rest.length > 1;
  const target = targetOf(isWatchPath ? rest.slice(1) : rest);
  if (target === null) return nonResource(path, method);
  const { namespace, resource, subresource } = target;
  const verb = isWatchPath ? "watch" : verbOf(request, target.name);
  const name =
    target.name === "" && (verb === "list" || verb === "watch") ? selectedName(request) : target.name;
  return { isResourceRequest: true, verb, path, group, version, namespace, resource, subresource, name };
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

function groupVersionOfParts(parts: readonly string[]) {
  const [root, first, second] = parts;
  if (root === "api" && first !== undefined && parts.length > 2)
    return { group: "", version: first, rest: parts.slice(2) };
  if (root === "apis" && first !== undefined && second !== undefined && parts.length > 3)
    return { group: first, version: second, rest: parts.slice(3) };
  return null;
}

function targetOf(rest: readonly string[]) {
  const [resource = "", name = "", subresource = ""] = rest;
  if (resource !== "namespaces" || rest.length < 3 || NAMESPACE_SUBRESOURCES.has(subresource)) {
    // A namespace's own name is the namespace that it is about, for access rules.
    const namespace = resource === "namespaces" ? name : "";
    return rest.length > 3 && subresource !== "proxy" ? null : { namespace, resource, name, subresource };
  }
  const [, namespace = "", inner = "", innerName = "", innerSub = ""] = rest;
  if (rest.length > 5 && innerSub !== "proxy") return null;
  return { namespace, resource: inner, name: innerName, subresource: innerSub };
}

function verbOf(request: ApiRequest, name: string): string {
  const verb = METHOD_VERBS[request.method] ?? request.method.toLowerCase();
  if (verb === "get" && isTrue(request.query.get("watch"))) return "watch";
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
