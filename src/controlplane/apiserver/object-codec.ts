// Bodies to objects and back between versions, as handlers ask for it.
import {
  type Decoded,
  decodeObject,
  type FieldValidation,
  parseBody,
} from "../../api/codec/decode-object.js";
import { fromStorage } from "../../api/codec/convert.js";
import type { Kind } from "../../api/kinds/kind.js";
import type { KubeObject } from "../../api/meta.js";
import { StatusError } from "../../api/status.js";
import type { ApiRequest } from "../protocol/api-request.js";

/** What a body is expected to be. */
export interface ExpectedBody {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/**
 * Reads a body, whatever its content type, checked against the schema of what is expected.
 *
 * @throws {StatusError} BadRequest, UnsupportedMediaType
 */
export function decodedBody(request: ApiRequest, expected: ExpectedBody): Decoded {
  const { body, headers } = request;
  if (body === null) throw new StatusError("BadRequest", "the request has no body");
  return withSomeMetadata(
    decodeObject(body, {
      group: expected.group,
      version: expected.version,
      kind: expected.kind,
      contentType: headers["content-type"],
      fieldValidation: fieldValidation(request),
    }),
  );
}

/** Some bodies have none: a Binding, a review. */
function withSomeMetadata(decoded: Decoded): Decoded {
  const { object, warnings } = decoded;
  if (object.metadata !== undefined) return decoded;
  return { object: { ...(object as KubeObject), metadata: NO_METADATA }, warnings };
}

const NO_METADATA = {} as KubeObject["metadata"];

/** The options that come with a DELETE in its body, in the version of whatever is deleted. */
export function decodedDeleteOptions(request: ApiRequest): object {
  const { body, headers } = request;
  return decodeObject(body as Uint8Array | object, {
    group: "",
    version: "v1",
    kind: "DeleteOptions",
    contentType: headers["content-type"],
    fieldValidation: "Ignore",
  }).object;
}

/** A patch: any JSON value, or YAML. @throws {StatusError} BadRequest */
export function decodedPatch({ body, headers }: ApiRequest): unknown {
  if (body === null) throw new StatusError("BadRequest", "the request has no body");
  return body instanceof Uint8Array ? parseBody(body, headers["content-type"]) : body;
}

/** What a patch left, checked as a body is. @throws {StatusError} */
export function checkedObject(request: ApiRequest, object: KubeObject, expected: ExpectedBody): Decoded {
  return withSomeMetadata(decodeObject(object, { ...expected, fieldValidation: fieldValidation(request) }));
}

/** Programs of this process send what they have built; nobody would read their warnings. */
function fieldValidation({ query, body }: ApiRequest): FieldValidation {
  const asked = query.get("fieldValidation");
  switch (asked) {
    case null:
    case "":
      return body instanceof Uint8Array ? "Warn" : "Ignore";
    case "Strict":
    case "Warn":
    case "Ignore":
      return asked;
    default:
      throw new StatusError(
        "Invalid",
        `CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "${asked}": supported values: "", "Ignore", "Strict", "Warn"`,
      );
  }
}

const CONVERTED = new WeakMap<KubeObject, Map<string, KubeObject>>();

/** From the version that is stored; the same object when nothing differs, and the same result for the same object. */
export function toVersion(object: KubeObject, kind: Kind, version: string): KubeObject {
  if (kind.storedAs === undefined && version === kind.storageVersion) return object;
  const versions = CONVERTED.get(object);
  const name = `${kind.group}/${version}`;
  const known = versions?.get(name);
  if (known !== undefined) return known;
  const converted = fromStorage(object, kind.group, version);
  if (versions === undefined) CONVERTED.set(object, new Map([[name, converted]]));
  else versions.set(name, converted);
  return converted;
}
