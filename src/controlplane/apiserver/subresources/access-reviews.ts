// Questions about access that are asked by creating an object, which is answered and not stored.
// Source: k8s.io/api authorization/v1, authentication/v1 types.go; pkg/registry/authorization, pkg/registry/authentication.
import { decodedBody } from "../object-codec.js";
import type { KubeObject } from "../../../api/meta.js";
import type { ApiResponse, UserInfo } from "../../protocol/api-request.js";
import type { AccessAttributes, Authorizer, TokenAuthority } from "../access.js";
import { badRequest, invalid } from "../registry/api-failures.js";
import { apiVersion, type ResourceCall, type ResourceHandler } from "../registry/resource-call.js";
import type { SpecialHandlers } from "../registry/resource-router.js";
import type { SpecObject } from "../strategy/strategy.js";

interface ReviewSpec {
  readonly user?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly namespace?: string;
  readonly token?: string;
  readonly audiences?: readonly string[];
  readonly resourceAttributes?: Readonly<Record<string, string>>;
  readonly nonResourceAttributes?: Readonly<Record<string, string>>;
}

export function accessReviewHandlers(authorizer: Authorizer, tokens: TokenAuthority | null): SpecialHandlers {
  const access = accessReview(authorizer);
  return {
    "authorization.k8s.io/subjectaccessreviews create": access,
    "authorization.k8s.io/localsubjectaccessreviews create": access,
    "authorization.k8s.io/selfsubjectaccessreviews create": access,
    "authorization.k8s.io/selfsubjectrulesreviews create": rulesReview(authorizer),
    "authentication.k8s.io/selfsubjectreviews create": selfReview,
    "authentication.k8s.io/tokenreviews create": tokenReview(tokens),
  };
}

function reviewOf(call: ResourceCall): { readonly review: SpecObject; readonly spec: ReviewSpec } {
  const { kind, version } = call;
  const { object } = decodedBody(call.request, {
    group: kind.group,
    version,
    kind: kind.kind,
  });
  return { review: object, spec: ((object as SpecObject).spec ?? {}) as ReviewSpec };
}

function answered(call: ResourceCall, review: KubeObject, status: object): ApiResponse {
  const metadata = { ...review.metadata, creationTimestamp: null };
  return { kind: "object", code: 201, object: { ...review, apiVersion: apiVersion(call), metadata, status } };
}

function accessReview(authorizer: Authorizer): ResourceHandler {
  return async (call) => {
    const { review, spec } = reviewOf(call);
    const { resourceAttributes, nonResourceAttributes } = spec;
    if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined))
      throw invalid(call.kind, "", [
        {
          field: "spec.resourceAttributes",
          message:
            "Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified",
          reason: "FieldValueInvalid",
        },
      ]);
    const user = call.kind.kind === "SelfSubjectAccessReview" ? call.user : subjectOf(call, spec);
    const { allowed, reason } = await authorizer.authorize(attributesOf(user, spec));
    return answered(call, review, { allowed, ...(reason === "" ? {} : { reason }) });
  };
}

function subjectOf(
  call: ResourceCall,
  { user = "", uid = "", groups = [], extra = {} }: ReviewSpec,
): UserInfo {
  if (user === "" && groups.length === 0)
    throw invalid(call.kind, "", [
      {
        field: "spec.user",
        message: 'Invalid value: "": at least one of user or group must be specified',
        reason: "FieldValueInvalid",
      },
    ]);
  return { username: user, uid, groups, extra };
}

function attributesOf(
  user: UserInfo,
  { resourceAttributes, nonResourceAttributes }: ReviewSpec,
): AccessAttributes {
  const asked = resourceAttributes ?? nonResourceAttributes ?? {};
  return {
    user,
    verb: asked["verb"] ?? "",
    isResourceRequest: resourceAttributes !== undefined,
    path: nonResourceAttributes?.["path"] ?? "",
    group: asked["group"] ?? "",
    version: asked["version"] ?? "*",
    resource: asked["resource"] ?? "",
    subresource: asked["subresource"] ?? "",
    namespace: asked["namespace"] ?? "",
    name: asked["name"] ?? "",
    fieldSelector: "",
    labelSelector: "",
  };
}

function rulesReview(authorizer: Authorizer): ResourceHandler {
  return async (call) => {
    const { review, spec } = reviewOf(call);
    if (!spec.namespace) throw badRequest("no namespace on request");
    const rules = await authorizer.rulesFor(call.user, spec.namespace);
    return answered(call, review, { ...rules, incomplete: false });
  };
}

const selfReview: ResourceHandler = (call) => {
  const { review } = reviewOf(call);
  return answered(call, review, { userInfo: userInfo(call.user) });
};

function userInfo({ username, uid, groups, extra }: UserInfo): object {
  return {
    username,
    ...(uid === "" ? {} : { uid }),
    groups,
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

function tokenReview(tokens: TokenAuthority | null): ResourceHandler {
  return async (call) => {
    const { review, spec } = reviewOf(call);
    if (!spec.token) throw badRequest("token is required for TokenReview in authentication");
    const found = tokens === null ? null : await tokens.review(spec.token, spec.audiences ?? []);
    const status =
      found === null
        ? { user: {}, error: "invalid bearer token" }
        : { authenticated: true, user: userInfo(found.user), audiences: found.audiences };
    return answered(call, review, status);
  };
}
