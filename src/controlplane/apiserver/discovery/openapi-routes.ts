// /openapi/v3 and /openapi/v2.
import {
  OPENAPI_V2_PROTOBUF_TYPES,
  openApiDocument,
  openApiIndex,
  openApiV2Json,
  openApiV2Protobuf,
} from "../../../api/schema/openapi/openapi.js";
import type { ApiRequest, ApiResponse } from "../../protocol/api-request.js";
import { unknownPath } from "../registry/api-failures.js";

const JSON_TYPE = "application/json";
/** Asked for with "@" before the version, which is no media type: it is answered with ".". */

/** @param parts of the path: ["openapi", "v3", "apis", "apps", "v1"]; null: it is none of these */
export function openApiRoute(request: ApiRequest, parts: readonly string[]): ApiResponse | null {
  const [root, version, api, group, groupVersion] = parts;
  if (root !== "openapi") return null;
  if (version === "v2" && parts.length === 2) return v2(request);
  if (version !== "v3") throw unknownPath();
  if (parts.length === 2) return text(openApiIndex());
  const document =
    api === "api" && parts.length === 4
      ? openApiDocument("", group as string)
      : api === "apis" && parts.length === 5
        ? openApiDocument(group as string, groupVersion as string)
        : undefined;
  if (document === undefined) throw unknownPath();
  return text(document);
}

function text(document: { readonly text: string; readonly hash: string }): ApiResponse {
  return {
    kind: "text",
    code: 200,
    text: document.text,
    contentType: JSON_TYPE,
    headers: { etag: `"${document.hash}"` },
  };
}

function v2({ headers }: ApiRequest): ApiResponse {
  if (headers["accept"]?.includes(OPENAPI_V2_PROTOBUF_TYPES.accept) !== true)
    return { kind: "text", code: 200, text: openApiV2Json(), contentType: JSON_TYPE };
  return {
    kind: "stream",
    contentType: OPENAPI_V2_PROTOBUF_TYPES.contentType,
    chunks: once(openApiV2Protobuf()),
  };
}

async function* once(chunk: Uint8Array): AsyncIterable<Uint8Array> {
  yield chunk;
}
