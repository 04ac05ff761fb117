// What the API says about itself: /openapi/v3, one document for each group and version, and /openapi/v2, all in one, as
// JSON and as the protobuf message that kubectl up to 1.28 asks for. Made when first asked for, kept as text.
import { createHash } from "node:crypto";
import type { Kind } from "../../kinds/kind.js";
import { KINDS } from "../../kinds/kinds.js";
import { type Descriptions, readDescriptions } from "../descriptions.js";
import { schemaKinds, schemaOf } from "../schemas.js";
import type { ObjectSchema } from "../type-schema.js";
import { encodeOpenApiV2 } from "./openapi-v2-protobuf.js";
import { type Operation, operationsOf, QUERY_PARAMETERS } from "./openapi-paths.js";
import { type Dialect, type GroupVersionKind, type Json, referenceTo, schemasOf } from "./openapi-schemas.js";

/** Clients ask for it with "@" before the version, which is no media type: answers must be named with "." instead. */
export const OPENAPI_V2_PROTOBUF_TYPES = {
  accept: "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
  contentType: "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
} as const;

export interface OpenApiDocument {
  /** JSON. */
  readonly text: string;
  /** Upper-case hex; stands in the address that the index gives, so that clients may keep the document. */
  readonly hash: string;
}

const INFO = { title: "Kubernetes", version: "unversioned" };
const JSON_TYPE = "application/json";
const PATCH_TYPES = [
  "application/apply-patch+yaml",
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
];

const documents = new Map<string, OpenApiDocument>();
let index: OpenApiDocument | null = null;
let v2Json: string | null = null;
let v2Protobuf: Uint8Array | null = null;

/** GET /openapi/v3: where the document of each group and version is. */
export function openApiIndex(): OpenApiDocument {
  if (index === null) {
    makeDocuments();
    index = hashed({ paths: Object.fromEntries(groupVersions().map(indexEntry)) });
  }
  return index;
}

/** GET /openapi/v3/apis/<group>/<version>, or /openapi/v3/api/<version> for "". undefined: no such group or version. */
export function openApiDocument(group: string, version: string): OpenApiDocument | undefined {
  makeDocuments();
  return documents.get(`${group}/${version}`);
}

/** GET /openapi/v2 as JSON. */
export function openApiV2Json(): string {
  v2Json ??= JSON.stringify(makeV2());
  return v2Json;
}

/** GET /openapi/v2 as OPENAPI_V2_PROTOBUF_TYPES.contentType, for clients that accept that. */
export function openApiV2Protobuf(): Uint8Array {
  v2Protobuf ??= encodeOpenApiV2(makeV2());
  return v2Protobuf;
}

/** All at once: clients ask for the index first, which has the hashes of all. */
function makeDocuments(): void {
  if (documents.size > 0) return;
  const descriptions = readDescriptions();
  for (const [group, version] of groupVersions()) {
    const kinds = KINDS.filter((kind) => kind.group === group && kind.versions.includes(version));
    documents.set(`${group}/${version}`, hashed(makeV3(kinds, version, descriptions)));
  }
}

function groupVersions(): readonly (readonly [group: string, version: string])[] {
  const keys = new Set(
    KINDS.flatMap(({ group, versions }) => versions.map((version) => `${group}/${version}`)),
  );
  return [...keys].sort().map((key) => key.split("/") as [string, string]);
}

function indexEntry([group, version]: readonly [string, string]) {
  const name = group === "" ? `api/${version}` : `apis/${group}/${version}`;
  const hash = openApiDocument(group, version)?.hash ?? "";
  return [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` }] as const;
}

function hashed(document: Json): OpenApiDocument {
  const text = JSON.stringify(document);
  return { text, hash: createHash("sha512").update(text).digest("hex").toUpperCase() };
}

function makeV3(kinds: readonly Kind[], version: string, descriptions: Descriptions): Json {
  const operations = kinds.flatMap((kind) => operationsOf(kind, version));
  return {
    components: { schemas: schemasOf(typesOf(operations), kindsByType(), "3.0", descriptions) },
    info: INFO,
    openapi: "3.0.0",
    paths: pathsOf(operations, operationV3),
  };
}

function makeV2(): Json {
  const operations = KINDS.flatMap((kind) => kind.versions.flatMap((version) => operationsOf(kind, version)));
  return {
    definitions: schemasOf(typesOf(operations), kindsByType(), "2.0", readDescriptions()),
    info: INFO,
    paths: pathsOf(operations, operationV2),
    swagger: "2.0",
  };
}

function typesOf(operations: readonly Operation[]): readonly ObjectSchema[] {
  const named = operations.flatMap(({ gvk, body, answer }) => [gvk, body, answer]);
  return named.flatMap((gvk) => (gvk === null ? [] : (typeOf(gvk) ?? [])));
}

function typeOf({ group, version, kind }: GroupVersionKind): ObjectSchema | undefined {
  return schemaOf(group, version, kind);
}

function kindsByType(): ReadonlyMap<string, readonly GroupVersionKind[]> {
  return new Map(schemaKinds().map(([group, version, kind, name]) => [name, [{ group, kind, version }]]));
}

function pathsOf(operations: readonly Operation[], write: (operation: Operation) => Json): Json {
  const paths = new Map<string, Record<string, unknown>>();
  for (const operation of operations) {
    const item = paths.get(operation.path) ?? {};
    paths.set(operation.path, item);
    item[operation.method] = write(operation);
  }
  return Object.fromEntries([...paths].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function operationV3(operation: Operation): Json {
  const { answer, pathParameters, queryParameters } = operation;
  const parameters = [
    ...pathParameters.map((name) => ({ in: "path", name, required: true, schema: { type: "string" } })),
    ...queryParameters.map((name) => ({ in: "query", name, schema: { type: QUERY_PARAMETERS[name] } })),
  ];
  const schema = schemaReference(answer, "3.0");
  return {
    ...identity(operation),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestBodyV3(operation),
    responses: {
      "200": { description: "OK", ...(schema === null ? {} : { content: { [JSON_TYPE]: { schema } } }) },
    },
  };
}

function requestBodyV3({ method, body }: Operation): Json {
  const patch = Object.fromEntries(PATCH_TYPES.map((type) => [type, { schema: { type: "object" } }]));
  if (method === "patch") return { requestBody: { content: patch, required: true } };
  const schema = schemaReference(body, "3.0");
  return schema === null ? {} : { requestBody: { content: { "*/*": { schema } } } };
}

function operationV2(operation: Operation): Json {
  const { method, body, answer, pathParameters, queryParameters } = operation;
  const sent = method === "patch" ? { type: "object" } : schemaReference(body, "2.0");
  const schema = schemaReference(answer, "2.0");
  return {
    ...identity(operation),
    consumes: method === "patch" ? PATCH_TYPES : ["*/*"],
    produces: [JSON_TYPE],
    parameters: [
      ...pathParameters.map((name) => ({ in: "path", name, required: true, type: "string" })),
      ...queryParameters.map((name) => ({ in: "query", name, type: QUERY_PARAMETERS[name] })),
      ...(sent === null ? [] : [{ in: "body", name: "body", schema: sent }]),
    ],
    responses: { "200": { description: "OK", ...(schema === null ? {} : { schema }) } },
  };
}

function identity({ operationId, action, gvk }: Operation): Json {
  const { group, kind, version } = gvk;
  return {
    operationId,
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": { group, kind, version },
  };
}

function schemaReference(gvk: GroupVersionKind | null, dialect: Dialect): Json | null {
  const type = gvk === null ? undefined : typeOf(gvk);
  return type === undefined ? null : { $ref: referenceTo(type.name, dialect) };
}
