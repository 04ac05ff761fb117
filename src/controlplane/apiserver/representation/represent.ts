// An answer in the form that the client prefers: the object itself, a Table of rows for people, or metadata alone.
// Source: apiserver pkg/endpoints/handlers/response.go.
import type { Kind } from "../../../api/kinds/kind.js";
import { groupVersionOf } from "../../../api/kinds/kinds.js";
import type { KubeObject } from "../../../api/meta.js";
import { type Table, tableOf } from "../../../api/printing/table.js";
import { StatusError } from "../../../api/status.js";
import {
  type ApiRequest,
  type ApiResponse,
  type ApiWatchEvent,
  isStatusObject,
} from "../../protocol/api-request.js";
import { type AcceptedType, acceptedTypes, isJson } from "../discovery/accepted-types.js";
import { partialMetadata, partialMetadataList } from "./partial-metadata.js";

const FORMS: ReadonlySet<string> = new Set(["Table", "PartialObjectMetadata", "PartialObjectMetadataList"]);

type MetaVersion = "v1" | "v1beta1";

interface Form {
  readonly as: "Table" | "Partial";
  readonly version: MetaVersion;
  readonly contentType: string;
}

interface ListParts {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly items?: readonly KubeObject[];
}

/** @throws {StatusError} NotAcceptable when the client wants none of what there is */
export function represent(
  request: ApiRequest,
  kind: Kind,
  now: () => number,
  response: ApiResponse,
): ApiResponse {
  const accept = request.headers["accept"];
  // Most clients ask for plain JSON, and programs of this process for nothing.
  if (accept === undefined || accept === "application/json" || accept === "*/*") return response;
  if (response.kind !== "object" && response.kind !== "watch") return response;
  const form = formOf(accept);
  if (form === null) return response;
  if (response.kind === "watch") return watchAs(form, request, kind, now, response);
  if (response.code >= 300 || isStatusObject(response.object)) return response;
  return {
    ...response,
    object: objectAs(form, request, kind, now, response.object),
    contentType: form.contentType,
  };
}

/** The first accepted form that the server knows; null: the object itself. JSON stands in for protobuf. */
function formOf(accept: string): Form | null {
  const types = acceptedTypes(accept);
  for (const type of types) {
    if (type.as === "") return null;
    if (!FORMS.has(type.as) || !isJson(type)) continue;
    if (type.version === "v1" || type.version === "v1beta1")
      return {
        as: type.as === "Table" ? "Table" : "Partial",
        version: type.version,
        contentType: contentTypeOf(type),
      };
  }
  throw new StatusError(
    "NotAcceptable",
    "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
  );
}

function contentTypeOf({ as, group, version }: AcceptedType): string {
  return `application/json;as=${as};v=${version};g=${group}`;
}

function objectAs(form: Form, request: ApiRequest, kind: Kind, now: () => number, object: object): object {
  if (form.as === "Table") return tableAs(form, request, kind, now, object);
  const { metadata = {}, items } = object as ListParts;
  return items === undefined
    ? partialMetadata(object as KubeObject, form.version)
    : partialMetadataList({ metadata, items }, form.version);
}

function tableAs(form: Form, request: ApiRequest, kind: Kind, now: () => number, object: object): Table {
  const includeObject = request.query.get("includeObject") ?? "Metadata";
  if (includeObject !== "None" && includeObject !== "Metadata" && includeObject !== "Object")
    throw new StatusError("BadRequest", `unrecognized includeObject value: "${includeObject}"`);
  const { metadata = {}, items = [object as KubeObject] } = object as ListParts;
  const { resourceVersion, continue: next, remainingItemCount } = metadata;
  return tableOf(shownKind(kind, object), items, {
    apiVersion: form.version,
    nowMs: now(),
    includeObject,
    metadata: {
      resourceVersion,
      ...(next === undefined ? {} : { continue: next }),
      ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
    },
  });
}

/** A subresource answers with a kind of its own: a Scale. */
function shownKind(kind: Kind, object: object): Pick<Kind, "group" | "kind"> {
  const { kind: name, apiVersion } = object as Partial<KubeObject>;
  if (name === undefined || apiVersion === undefined || name === kind.kind || name === `${kind.kind}List`)
    return kind;
  return { group: groupVersionOf(apiVersion)[0], kind: name };
}

function watchAs(
  form: Form,
  request: ApiRequest,
  kind: Kind,
  now: () => number,
  response: Extract<ApiResponse, { kind: "watch" }>,
): ApiResponse {
  const shown = (event: ApiWatchEvent, isFirst: boolean): ApiWatchEvent => {
    if (event.type === "ERROR") return event;
    if (form.as === "Partial")
      return { type: event.type, object: partialMetadata(event.object, form.version) };
    const object = event.type === "BOOKMARK" ? { metadata: event.object.metadata, items: [] } : event.object;
    const table = tableAs(form, request, kind, now, object);
    // Watchers are told the columns once.
    const told = isFirst ? table : { ...table, columnDefinitions: [] };
    return { type: event.type, object: told as unknown as KubeObject };
  };
  return {
    ...response,
    contentType: form.contentType,
    start: (sink) => {
      let isFirst = true;
      response.start({
        event: (event) => {
          sink.event(shown(event, isFirst));
          isFirst = false;
        },
        end: () => sink.end(),
      });
    },
  };
}
