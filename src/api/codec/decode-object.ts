// From the body of a request to an object that can be stored: JSON, YAML, protobuf, or an object from within the process.
// Source: apimachinery pkg/runtime/serializer, apiserver pkg/endpoints/handlers (create, update, fieldValidation).
import { apiVersionOf } from "../kinds/kinds.js";
import type { KubeObject } from "../meta.js";
import { schemaOf } from "../schema/schemas.js";
import type { ObjectSchema } from "../schema/type-schema.js";
import { StatusError } from "../status.js";
import { fit, TypeMistake } from "./fit.js";
import { fieldProblems, type ParsedJson, parseJson } from "./json-text.js";
import { decodeProtobuf, isProtobuf, PROTOBUF_TYPE } from "./protobuf.js";
import { parseYaml } from "./yaml-text.js";

export type FieldValidation = "Strict" | "Warn" | "Ignore";

export interface DecodeOptions {
  /** Of the request; empty or absent: JSON. Parameters after ";" do not count. */
  readonly contentType?: string | undefined;
  /** What the request's path asks for; stands in for what the body does not say. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly fieldValidation: FieldValidation;
}

export interface Decoded {
  /** With apiVersion and kind, unknown fields and nulls dropped, scalars in the form that is kept. */
  readonly object: KubeObject;
  /** For Warning headers: 'unknown field "spec.foo"'. */
  readonly warnings: readonly string[];
}

/** A body of the right kind with a value of the wrong type or, when Strict, with fields that are not in the schema. */
export class UnfitBody extends StatusError {
  /** Without what it was in: 'strict decoding error: unknown field "spec.foo"'. */
  readonly why: string;

  constructor(message: string, why: string) {
    super("BadRequest", message);
    this.why = why;
  }
}

type Json = Record<string, unknown>;

/** A body, parsed, before any schema is held to it. */
interface ParsedBody {
  readonly value: unknown;
  readonly json: ParsedJson | null;
  readonly problems: readonly string[];
}

/**
 * @param body bytes, or an object of this process, which is handed on as it is when nothing must be dropped
 * @throws {StatusError} BadRequest: malformed, of another kind or version, a value of the wrong type, or, when Strict, an
 *   unknown or duplicate field. UnsupportedMediaType for a content type that is not read.
 */
export function decodeObject(body: Uint8Array | object, options: DecodeOptions): Decoded {
  if (!(body instanceof Uint8Array)) return finish({ value: body, json: null, problems: [] }, body, options);
  const mediaType = mediaTypeOf(options.contentType);
  if (mediaType === PROTOBUF_TYPE || isProtobuf(body)) return decodeProtobufBody(body, options);
  try {
    return finish(parseText(body, mediaType), body, options);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const reason = `couldn't get version/kind; json parse error: ${error.message}`;
    throw unrecognized(
      body,
      options,
      mediaType === YAML_TYPE ? `error converting YAML to JSON: ${error.message}` : reason,
    );
  }
}

/**
 * JSON or YAML without a schema: the bodies of patches.
 *
 * @throws {StatusError} BadRequest
 */
export function parseBody(body: Uint8Array, contentType: string | undefined): unknown {
  try {
    return parseText(body, mediaTypeOf(contentType)).value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new StatusError("BadRequest", `error decoding patch: ${error.message}`);
  }
}

const YAML_TYPE = "application/yaml";
const APPLY_TYPE = "application/apply-patch+yaml";
const OPEN_BRACE = 0x7b;

/** "Application/JSON; charset=utf-8" -> "application/json". */
function mediaTypeOf(contentType: string | undefined): string {
  const type = (contentType ?? "").split(";")[0]?.trim().toLowerCase();
  return type === undefined || type === "" ? "application/json" : type;
}

function parseText(body: Uint8Array, mediaType: string): ParsedBody {
  if (mediaType === YAML_TYPE || mediaType === APPLY_TYPE) return parseYamlOrJson(body);
  if (mediaType === "application/json" || mediaType.endsWith("+json")) {
    const json = parseJson(body);
    return { value: json.value, json, problems: [] };
  }
  throw new StatusError(
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: application/json, ${YAML_TYPE}, ${PROTOBUF_TYPE}`,
  );
}

/** Clients send JSON as YAML, which it is: reading it as JSON is a hundred times quicker. */
function parseYamlOrJson(body: Uint8Array): ParsedBody {
  if (body[0] === OPEN_BRACE) {
    try {
      const json = parseJson(body);
      return { value: json.value, json, problems: [] };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return { ...parseYaml(body), json: null };
}

function finish(parsed: ParsedBody, body: Uint8Array | object, options: DecodeOptions): Decoded {
  const { value, json } = parsed;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw unrecognized(
      body,
      options,
      "couldn't get version/kind; json parse error: the body is not an object",
    );
  const schema = checkKind(value as Json, options);
  const { value: fitted, unknown, keyCount } = fitOrRefuse(value, schema, options);
  const isRepeated = json !== null && json.keyCount !== keyCount;
  const problems =
    isRepeated || unknown.length > 0
      ? json === null
        ? unknown.map((path) => `unknown field ${JSON.stringify(path)}`)
        : fieldProblems(json.text, schema)
      : [];
  return {
    object: withKind(fitted as Json, options),
    warnings: report([...parsed.problems, ...problems], options),
  };
}

function report(problems: readonly string[], options: DecodeOptions): readonly string[] {
  if (problems.length === 0 || options.fieldValidation === "Ignore") return [];
  if (options.fieldValidation === "Warn") return problems;
  throw cannotBeHandled(options, `strict decoding error: ${problems.join(", ")}`);
}

function decodeProtobufBody(body: Uint8Array, options: DecodeOptions): Decoded {
  const decoded = decodeProtobuf(body, (apiVersion, kind) => checkKind({ apiVersion, kind }, options));
  return { object: withKind(decoded as Json, options), warnings: [] };
}

/** The schema of what the body says that it is, which must be what the request is for. */
function checkKind(value: Json, options: DecodeOptions): ObjectSchema {
  const { group, version, kind } = options;
  const expected = apiVersionOf(group, version);
  const [apiVersion, actual] = [textOr(value["apiVersion"], expected), textOr(value["kind"], kind)];
  const schema = schemaOf(group, version, kind);
  if (schema === undefined)
    throw new StatusError("BadRequest", `no kind "${kind}" is registered for version "${expected}"`);
  // Options of a delete come in the version of whatever is deleted.
  if (kind === "DeleteOptions" && actual === kind) return schema;
  if (apiVersion !== expected) throw otherVersion(apiVersion, actual, expected, options);
  if (actual !== kind) throw otherKind(apiVersion, actual, options);
  return schema;
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === "string" && value !== "" ? value : fallback;
}

function otherVersion(
  apiVersion: string,
  kind: string,
  expected: string,
  options: DecodeOptions,
): StatusError {
  const slash = apiVersion.lastIndexOf("/");
  const [group, version] = [apiVersion.slice(0, Math.max(0, slash)), apiVersion.slice(slash + 1)];
  if (schemaOf(group, version, kind) === undefined) return otherKind(apiVersion, kind, options);
  return new StatusError(
    "BadRequest",
    `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
  );
}

function otherKind(apiVersion: string, kind: string, options: DecodeOptions): StatusError {
  const version = apiVersion.slice(apiVersion.lastIndexOf("/") + 1);
  const reason = `no kind "${kind}" is registered for version "${apiVersion}"`;
  return new StatusError(
    "BadRequest",
    `${kind} in version "${version}" cannot be handled as a ${options.kind}: ${reason}`,
  );
}

function fitOrRefuse(value: object, schema: ObjectSchema, options: DecodeOptions) {
  try {
    return fit(value, schema);
  } catch (error) {
    if (error instanceof TypeMistake) throw cannotBeHandled(options, error.message);
    throw error;
  }
}

function withKind(value: Json, options: DecodeOptions): KubeObject {
  const { group, version, kind } = options;
  const apiVersion = apiVersionOf(group, version);
  const isNamed = value["kind"] === kind && (value["apiVersion"] === apiVersion || kind === "DeleteOptions");
  return (isNamed ? value : { ...value, apiVersion, kind }) as unknown as KubeObject;
}

function cannotBeHandled({ kind, version }: DecodeOptions, reason: string): StatusError {
  return new UnfitBody(`${kind} in version "${version}" cannot be handled as a ${kind}: ${reason}`, reason);
}

function unrecognized(body: Uint8Array | object, { kind }: DecodeOptions, reason: string): StatusError {
  const summary = body instanceof Uint8Array ? summarize(body) : "an object";
  return new StatusError(
    "BadRequest",
    `the object provided is unrecognized (must be of type ${kind}): ${reason} (${summary})`,
  );
}

const SUMMARY_BYTES = 30;

function summarize(body: Uint8Array): string {
  if (body.length === 0) return "<empty>";
  const head = Buffer.from(body.subarray(0, SUMMARY_BYTES));
  const more = body.length > SUMMARY_BYTES ? " ..." : "";
  return head.toString(body[0] === OPEN_BRACE ? "utf8" : "hex") + more;
}
