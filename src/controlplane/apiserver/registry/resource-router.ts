// From a request to the handler of its verb: which kinds, versions and subresources there are, and what each can do.
import type { Kind } from "../../../api/kinds/kind.js";
import { KINDS } from "../../../api/kinds/kinds.js";
import { wallMs } from "../../../base/timers.js";
import type { ApiRequest, ApiResponse, UserInfo } from "../../protocol/api-request.js";
import type { Eventually } from "../access.js";
import { represent } from "../representation/represent.js";
import type { RequestInfo } from "../request-info.js";
import { methodNotAllowed, notFound, unknownPath } from "./api-failures.js";
import { createObject } from "./create-object.js";
import { deleteCollection, deleteObject } from "./delete-object.js";
import { listObjects } from "./list-objects.js";
import { patchObject } from "./patch-object.js";
import { getObject } from "./read-object.js";
import { prefixOf, type Registry, type ResourceCall, type ResourceHandler } from "./resource-call.js";
import { updateObject } from "./update-object.js";
import { watchObjects } from "./watch-objects.js";
import { checkWriteOptions } from "./write-options.js";

const VERBS: Readonly<Record<string, ResourceHandler>> = {
  create: createObject,
  delete: deleteObject,
  deletecollection: deleteCollection,
  get: getObject,
  list: listObjects,
  patch: patchObject,
  update: updateObject,
  watch: watchObjects,
};

const STATUS_VERBS: Readonly<Record<string, ResourceHandler>> = {
  get: getObject,
  patch: patchObject,
  update: updateObject,
};

/** "pods/binding create": handlers beside the generic ones. A resource alone replaces the generic verbs. */
export type SpecialHandlers = Readonly<Record<string, ResourceHandler>>;

const BY_PATH = new Map<string, Kind>(
  KINDS.flatMap((kind) => kind.versions.map((version) => [`${kind.group}/${version}/${kind.plural}`, kind])),
);

export class ResourceRouter {
  readonly #registry: Registry;
  readonly #special: ReadonlyMap<string, ResourceHandler>;

  constructor(registry: Registry, special: SpecialHandlers) {
    this.#registry = registry;
    this.#special = new Map(Object.entries(special));
  }

  /** @throws {StatusError} */
  handle(request: ApiRequest, info: RequestInfo, user: UserInfo): Eventually<ApiResponse> {
    const kind = BY_PATH.get(`${info.group}/${info.version}/${info.resource}`);
    if (kind === undefined) throw unknownPath();
    checkScope(kind, info);
    checkTarget(kind, info);
    const call: ResourceCall = {
      registry: this.#registry,
      request,
      info,
      user,
      kind,
      version: info.version,
      prefix: prefixOf(kind),
      warnings: [],
      isDryRun: request.query.getAll("dryRun").includes("All"),
    };
    // What is proxied has options of its own.
    if (info.subresource !== "proxy") checkWriteOptions(call);
    const now = () => wallMs(this.#registry.timers);
    const answering = this.#handlerOf(kind, info)(call);
    const shown = (response: ApiResponse) => represent(request, kind, now, response);
    return answering instanceof Promise ? answering.then(shown) : shown(answering);
  }

  #handlerOf(kind: Kind, info: RequestInfo): ResourceHandler {
    const { resource, subresource, verb } = info;
    const target = subresource === "" ? resource : `${resource}/${subresource}`;
    const special = this.#special.get(`${kind.group === "" ? "" : `${kind.group}/`}${target} ${verb}`);
    if (special !== undefined) return special;
    if (subresource === "") {
      const handler = (kind.verbs as readonly string[]).includes(verb) ? VERBS[verb] : undefined;
      if (handler === undefined) throw methodNotAllowed(kind, verb);
      return handler;
    }
    const declared = kind.subresources.find((each) => each.name === subresource);
    if (declared === undefined) throw unknownPath();
    const handler =
      declared.verbs.includes(verb) && subresource === "status" ? STATUS_VERBS[verb] : undefined;
    if (handler === undefined) throw methodNotAllowed(kind, verb);
    return handler;
  }
}

/** A kind without namespaces has no path below one, and an object with one is not asked for without. */
function checkScope(kind: Kind, info: RequestInfo): void {
  if (kind.plural === "namespaces") return;
  if (!kind.isNamespaced && info.namespace !== "") throw unknownPath();
  if (!kind.isNamespaced || info.namespace !== "") return;
  if (info.name !== "" && info.verb !== "list" && info.verb !== "watch") throw notFound(kind, info.name);
  if (info.verb === "create") throw methodNotAllowed(kind, "create");
}

/** New objects come to a collection, changes to an object of it. */
function checkTarget(kind: Kind, { verb, name, subresource }: RequestInfo): void {
  if (subresource !== "") return;
  if (verb === "create" && name !== "") throw methodNotAllowed(kind, verb);
  if ((verb === "update" || verb === "patch") && name === "") throw methodNotAllowed(kind, verb);
}
