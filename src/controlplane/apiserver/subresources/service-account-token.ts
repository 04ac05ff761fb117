// POST serviceaccounts/NAME/token.
import { decodedBody } from "../object-codec.js";
import { StatusError } from "../../../api/status.js";
import type { TokenAuthority } from "../access.js";
import { current } from "../registry/read-object.js";
import type { ResourceHandler } from "../registry/resource-call.js";

const TOKEN_REQUEST = { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" };

export function tokenHandler(tokens: TokenAuthority | null): ResourceHandler {
  return async (call) => {
    const { object } = decodedBody(call.request, TOKEN_REQUEST);
    if (tokens === null) throw new StatusError("ServiceUnavailable", "this server issues no tokens");
    await call.registry.objects.fresh();
    const issued = await tokens.issue(current(call), object);
    return { kind: "object", code: 201, object: issued };
  };
}
