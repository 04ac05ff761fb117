// Bodies to objects and back between versions: what handlers ask of the codec.
import type { Kind } from "../../api/kinds/kind.js";
import { apiVersionOf } from "../../api/kinds/kinds.js";
import type { KubeObject } from "../../api/meta.js";
import { StatusError } from "../../api/status.js";
import type { ApiRequest } from "../protocol/api-request.js";

export interface DecodedBody {
  readonly object: KubeObject;
  /** Unknown or repeated fields, when the client wants to be told rather than refused. */
  readonly warnings: readonly string[];
}

/** What a body is expected to be. */
export interface ExpectedBody {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface ObjectCodec {
  /**
   * Reads a body, whatever its content type, checked against the schema of what is expected.
   *
   * @throws {StatusError} BadRequest, UnsupportedMediaType
   */
  decode(request: ApiRequest, expected: ExpectedBody): DecodedBody;
  /** The options that come with a request in its body: "DeleteOptions". */
  decodeOptions(request: ApiRequest, kind: string): object;
  /** To the version that is stored. Same object when nothing differs. */
  toStorage(object: KubeObject, kind: Kind): KubeObject;
  /** From the version that is stored. Same object when nothing differs; the same result for the same object. */
  toVersion(object: KubeObject, kind: Kind, version: string): KubeObject;
}

/** JSON as it comes, of one version only. */
export const plainCodec: ObjectCodec = {
  decode(request, expected) {
    const object = parsedBody(request);
    return { object: checkedKind(object, expected), warnings: [] };
  },
  decodeOptions: (request) => parsedBody(request),
  toStorage: (object) => object,
  toVersion: (object) => object,
};

/** @throws {StatusError} BadRequest when it is not JSON */
export function parsedBody({ body }: ApiRequest): object {
  if (body === null) throw new StatusError("BadRequest", "the request has no body");
  if (!(body instanceof Uint8Array)) return body;
  let parsed: unknown;
  try {
    parsed = JSON.parse(strictUtf8.decode(body));
  } catch (error) {
    throw new StatusError(
      "BadRequest",
      `couldn't parse the body as JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new StatusError("BadRequest", "the body is not a JSON object");
  return parsed;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/** The kind may be left out; a wrong one is refused. */
export function checkedKind(object: object, expected: ExpectedBody): KubeObject {
  const given = object as Partial<KubeObject>;
  const apiVersion = apiVersionOf(expected.group, expected.version);
  if (given.apiVersion === apiVersion && given.kind === expected.kind && given.metadata !== undefined)
    return given as KubeObject;
  if ((given.kind ?? expected.kind) !== expected.kind || (given.apiVersion ?? apiVersion) !== apiVersion)
    throw new StatusError(
      "BadRequest",
      `${given.kind ?? ""} in version "${given.apiVersion ?? ""}" cannot be handled as a ${expected.kind}: expected ${expected.kind} in version "${apiVersion}"`,
    );
  const metadata = given.metadata ?? ({} as KubeObject["metadata"]);
  return { ...given, apiVersion, kind: expected.kind, metadata };
}
