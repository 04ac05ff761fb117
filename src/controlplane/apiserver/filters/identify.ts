// Who asks, and whom they speak for: authentication, then impersonation.
// Source: apiserver pkg/endpoints/filters/{authentication,impersonation}.go.
import { StatusError } from "../../../api/status.js";
import type { ApiRequest, UserInfo } from "../../protocol/api-request.js";
import {
  type AccessAttributes,
  ANONYMOUS,
  type Authenticator,
  type Authorizer,
  type Eventually,
} from "../access.js";
import { forbidden } from "./authorize.js";

export function identify(
  request: ApiRequest,
  authenticator: Authenticator,
  authorizer: Authorizer,
): Eventually<UserInfo> {
  const authenticating = request.user ?? authenticator.authenticate(request);
  const speakingFor = (user: UserInfo | null) => {
    if (user === null && request.hasUnknownCertificate === true)
      throw new StatusError("Unauthorized", "Unauthorized");
    return isImpersonating(request)
      ? impersonated(request, user ?? ANONYMOUS, authorizer)
      : (user ?? ANONYMOUS);
  };
  return authenticating instanceof Promise ? authenticating.then(speakingFor) : speakingFor(authenticating);
}

function isImpersonating({ headers }: ApiRequest): boolean {
  return (
    headers["impersonate-user"] !== undefined ||
    headers["impersonate-group"] !== undefined ||
    headers["impersonate-uid"] !== undefined
  );
}

const EXTRA_HEADER = "impersonate-extra-";
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

async function impersonated(request: ApiRequest, user: UserInfo, authorizer: Authorizer): Promise<UserInfo> {
  const { headers } = request;
  const username = headers["impersonate-user"] ?? "";
  if (username === "")
    throw new StatusError(
      "InternalError",
      "Internal error occurred: requested [groups] without impersonating a user",
    );
  const [, namespace, name] = SERVICE_ACCOUNT.exec(username) ?? [];
  const asked = listOf(headers["impersonate-group"]);
  const extra = extraOf(headers);
  const uid = headers["impersonate-uid"] ?? "";
  const claims: Partial<AccessAttributes>[] = [
    namespace !== undefined && name !== undefined
      ? { resource: "serviceaccounts", namespace, name }
      : { resource: "users", name: username },
    ...asked.map((group) => ({ resource: "groups", name: group })),
    ...(uid === "" ? [] : [{ group: "authentication.k8s.io", version: "v1", resource: "uids", name: uid }]),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => ({
        group: "authentication.k8s.io",
        version: "v1",
        resource: "userextras",
        subresource: key,
        name: value,
      })),
    ),
  ];
  for (const claim of claims) await mayImpersonate(user, authorizer, claim);
  return { username, uid, groups: groupsOf(username, namespace, asked), extra };
}

async function mayImpersonate(user: UserInfo, authorizer: Authorizer, claim: Partial<AccessAttributes>) {
  const attributes: AccessAttributes = {
    user,
    verb: "impersonate",
    isResourceRequest: true,
    path: "",
    group: "",
    version: "v1",
    resource: "",
    subresource: "",
    namespace: "",
    name: "",
    fieldSelector: "",
    labelSelector: "",
    ...claim,
  };
  const { allowed, reason } = await authorizer.authorize(attributes);
  if (!allowed) throw forbidden(attributes, reason);
}

function groupsOf(
  username: string,
  namespace: string | undefined,
  asked: readonly string[],
): readonly string[] {
  const groups =
    asked.length > 0 || namespace === undefined
      ? asked
      : ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
  const everybody = username === ANONYMOUS.username ? "system:unauthenticated" : "system:authenticated";
  return groups.includes(everybody) ? groups : [...groups, everybody];
}

/** Node joins what came in several headers of a name. */
function listOf(header: string | undefined): readonly string[] {
  return header === undefined || header === "" ? [] : header.split(", ");
}

function extraOf(headers: ApiRequest["headers"]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith(EXTRA_HEADER))
      .map(([name, value]) => [decodeURIComponent(name.slice(EXTRA_HEADER.length)), listOf(value)]),
  );
}
