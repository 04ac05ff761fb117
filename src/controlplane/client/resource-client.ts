// Operations on a resource -> API calls. What crosses is the same whichever way it goes.
// Source: Kubernetes API concepts, "Resource URIs", "API verbs".
import type { KubeObject } from "../../api/meta.js";
import { apiVersionOf } from "../../api/kinds/kinds.js";
import { assert } from "../../base/assert.js";
import { type HttpMethod, PATCH_TYPES, type PatchType } from "../protocol/api-request.js";
import type {
  Client,
  DeleteOptions,
  ListOptions,
  ObjectList,
  ResourceClient,
  ResourceName,
  WatchHandler,
  WatchListOptions,
  WriteOptions,
} from "./client.js";
import type { ApiCall, Transport } from "./transport.js";

const JSON_TYPE = "application/json";

export class TransportClient implements Client {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  resource<Kind extends KubeObject = KubeObject>(
    name: ResourceName,
    namespace: string | null,
  ): ResourceClient<Kind> {
    return new TransportResourceClient<Kind>(this.#transport, collectionPath(name, namespace));
  }
}

/** "/apis/apps/v1/namespaces/default/deployments". */
function collectionPath(name: ResourceName, namespace: string | null): string {
  const root = name.group === "" ? "/api" : "/apis";
  const scope = namespace === null ? "" : `/namespaces/${namespace}`;
  return `${root}/${apiVersionOf(name.group, name.version)}${scope}/${name.resource}`;
}

/** Answers are believed to be of the type that the caller names: the server validated them. */
class TransportResourceClient<Kind extends KubeObject> implements ResourceClient<Kind> {
  readonly #transport: Transport;
  readonly #path: string;

  constructor(transport: Transport, path: string) {
    this.#transport = transport;
    this.#path = path;
  }

  async get(name: string, subresource?: string): Promise<Kind> {
    return (await this.#send("GET", this.#pathOf(name, subresource))) as Kind;
  }

  async list(options: ListOptions = {}): Promise<ObjectList<Kind>> {
    const query = new URLSearchParams();
    addListQuery(query, options);
    return (await this.#send("GET", this.#path, { query })) as ObjectList<Kind>;
  }

  watch(options: WatchListOptions, handler: WatchHandler<Kind>): () => void {
    const query = new URLSearchParams({ watch: "true" });
    addListQuery(query, options);
    if (options.allowWatchBookmarks) query.set("allowWatchBookmarks", "true");
    if (options.timeoutSeconds !== undefined) query.set("timeoutSeconds", String(options.timeoutSeconds));
    const call: ApiCall = { method: "GET", path: this.#path, query, body: null, contentType: JSON_TYPE };
    return this.#transport.watch(call, handler as WatchHandler<KubeObject>);
  }

  async create(object: object, options: WriteOptions = {}): Promise<Kind> {
    return (await this.#send("POST", this.#path, { query: writeQuery(options), body: object })) as Kind;
  }

  async update(object: object, options: WriteOptions = {}): Promise<Kind> {
    const path = this.#pathOf(nameOf(object));
    return (await this.#send("PUT", path, { query: writeQuery(options), body: object })) as Kind;
  }

  updateStatus(object: object, options: WriteOptions = {}): Promise<Kind> {
    return this.updatePart(object, "status", options);
  }

  async updatePart(object: object, subresource: string, options: WriteOptions = {}): Promise<Kind> {
    const path = this.#pathOf(nameOf(object), subresource);
    return (await this.#send("PUT", path, { query: writeQuery(options), body: object })) as Kind;
  }

  async patch(
    name: string,
    type: PatchType,
    patch: object,
    options: WriteOptions & { readonly subresource?: string; readonly force?: boolean } = {},
  ): Promise<Kind> {
    const query = writeQuery(options);
    if (options.force !== undefined) query.set("force", String(options.force));
    const path = this.#pathOf(name, options.subresource);
    return (await this.#send("PATCH", path, {
      query,
      body: patch,
      contentType: PATCH_TYPES[type],
    })) as Kind;
  }

  async delete(name: string, options: DeleteOptions = {}): Promise<void> {
    await this.#send("DELETE", this.#pathOf(name), { body: deleteBody(options) });
  }

  async deleteCollection(list: ListOptions, options: DeleteOptions = {}): Promise<void> {
    const query = new URLSearchParams();
    addListQuery(query, list);
    await this.#send("DELETE", this.#path, { query, body: deleteBody(options) });
  }

  post(name: string, subresource: string, body: object): Promise<object> {
    return this.#send("POST", this.#pathOf(name, subresource), { body });
  }

  #pathOf(name: string, subresource?: string): string {
    assert(name !== "", `an object of ${this.#path} has no name`);
    return subresource === undefined ? `${this.#path}/${name}` : `${this.#path}/${name}/${subresource}`;
  }

  #send(
    method: HttpMethod,
    path: string,
    { query = new URLSearchParams(), body = null, contentType = JSON_TYPE }: Partial<ApiCall> = {},
  ): Promise<object> {
    return this.#transport.send({ method, path, query, body, contentType });
  }
}

function nameOf(object: object): string {
  return (object as KubeObject).metadata.name;
}

function addListQuery(query: URLSearchParams, options: ListOptions): void {
  if (options.labelSelector !== undefined) query.set("labelSelector", options.labelSelector);
  if (options.fieldSelector !== undefined) query.set("fieldSelector", options.fieldSelector);
  if (options.limit !== undefined) query.set("limit", String(options.limit));
  if (options.continue !== undefined) query.set("continue", options.continue);
  if (options.resourceVersion !== undefined) query.set("resourceVersion", options.resourceVersion);
}

function writeQuery(options: WriteOptions): URLSearchParams {
  const query = new URLSearchParams();
  if (options.fieldManager !== undefined) query.set("fieldManager", options.fieldManager);
  if (options.dryRun) query.set("dryRun", "All");
  return query;
}

function deleteBody(options: DeleteOptions): object | null {
  if (Object.keys(options).length === 0) return null;
  return { kind: "DeleteOptions", apiVersion: "v1", ...options };
}
