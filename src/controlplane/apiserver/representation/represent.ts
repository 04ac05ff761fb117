// An answer in the form that the client prefers: the object itself, a Table of rows for people, or metadata alone.
// Source: apiserver pkg/endpoints/handlers/response.go.
import type { Kind } from "../../../api/kinds/kind.js";
import type { KubeObject } from "../../../api/meta.js";
import { StatusError } from "../../../api/status.js";
import {
  type ApiRequest,
  type ApiResponse,
  type ApiWatchEvent,
  isStatusObject,
} from "../../protocol/api-request.js";
import { type AcceptedType, acceptedTypes, isJson } from "../discovery/accepted-types.js";
import { partialMetadata, partialMetadataList } from "./partial-metadata.js";
import { type Table, tableOf } from "./table.js";

const META_VERSIONS: ReadonlySet<string> = new Set(["v1", "v1beta1"]);
const FORMS: ReadonlySet<string> = new Set(["Table", "PartialObjectMetadata", "PartialObjectMetadataList"]);

/** @throws {StatusError} NotAcceptable when the client wants none of what there is */
export function represent(
  request: ApiRequest,
  kind: Kind,
  nowMs: number,
  response: ApiResponse,
): ApiResponse {
  const accept = request.headers["accept"];
  // Most clients ask for plain JSON, and programs of this process for nothing.
  if (accept === undefined || accept === "application/json" || accept === "*/*") return response;
  const form = formOf(accept);
  if (form.as === "") return response;
  if (response.kind === "object") {
    if (response.code >= 300 || isStatusObject(response.object)) return response;
    const object = objectAs(form, request, kind, nowMs, response.object);
    return { ...response, object, contentType: contentTypeOf(form) };
  }
  if (response.kind !== "watch") return response;
  return {
    ...response,
    contentType: contentTypeOf(form),
    start: (sink) => {
      let isFirst = true;
      response.start({
        event: (event) => {
          sink.event(eventAs(form, request, kind, nowMs, event, isFirst));
          isFirst = false;
        },
        end: () => sink.end(),
      });
    },
  };
}

/** The first accepted form that the server knows; JSON stands in for protobuf. */
function formOf(accept: string): AcceptedType {
  const types = acceptedTypes(accept);
  const found = types.find(
    (type) => type.as === "" || (FORMS.has(type.as) && META_VERSIONS.has(type.version) && isJson(type)),
  );
  if (found !== undefined) return found;
  throw new StatusError(
    "NotAcceptable",
    "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
  );
}

function contentTypeOf({ as, group, version }: AcceptedType): string {
  return `application/json;as=${as};v=${version};g=${group}`;
}

function objectAs(
  form: AcceptedType,
  request: ApiRequest,
  kind: Kind,
  nowMs: number,
  object: object,
): object {
  if (form.as === "Table") return tableAs(form, request, kind, nowMs, object, true);
  const { items } = object as { readonly items?: readonly KubeObject[] };
  if (items === undefined) return partialMetadata(object as KubeObject, form.version);
  return partialMetadataList(object as { metadata: object; items: readonly KubeObject[] }, form.version);
}

function tableAs(
  form: AcceptedType,
  request: ApiRequest,
  kind: Kind,
  nowMs: number,
  object: object,
  withColumns: boolean,
): Table {
  const includes = request.query.get("includeObject") ?? "Metadata";
  if (includes !== "None" && includes !== "Metadata" && includes !== "Object")
    throw new StatusError("BadRequest", `unrecognized includeObject value: "${includes}"`);
  return tableOf(kind, object, { version: form.version, includes, nowMs, withColumns });
}

function eventAs(
  form: AcceptedType,
  request: ApiRequest,
  kind: Kind,
  nowMs: number,
  event: ApiWatchEvent,
  isFirst: boolean,
): ApiWatchEvent {
  if (event.type === "ERROR") return event;
  const object =
    form.as === "Table"
      ? tableAs(
          form,
          request,
          kind,
          nowMs,
          event.type === "BOOKMARK" ? { ...event.object, items: [] } : event.object,
          isFirst,
        )
      : partialMetadata(event.object, form.version);
  return { type: event.type, object: object as unknown as KubeObject };
}
