// How others check service account tokens by themselves: who issues them, and with which keys.
// Source: pkg/serviceaccount/openidmetadata.go, pkg/routes/openidmetadata.go; OpenID Connect Discovery 1.0.
import type { ApiResponse } from "../../protocol/api-request.js";
import type { OpenIdSource } from "../access.js";

const KEYS_PATH = "/openid/v1/jwks";

export const OPENID_PATHS = ["/.well-known/openid-configuration", KEYS_PATH] as const;

/** Null: the path is another's, or this server issues no tokens. */
export function openIdRoute(path: string, source: OpenIdSource | null): ApiResponse | null {
  if (source === null) return null;
  const { issuer, keys } = source;
  const answer = (object: object): ApiResponse => ({ kind: "object", code: 200, object });
  switch (path) {
    case OPENID_PATHS[0]:
      return answer({
        issuer,
        jwks_uri: `${issuer}${KEYS_PATH}`,
        response_types_supported: ["id_token"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["ES256"],
      });
    case OPENID_PATHS[1]:
      return answer({ keys });
    default:
      return null;
  }
}
