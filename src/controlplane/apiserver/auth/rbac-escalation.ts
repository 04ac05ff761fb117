// Nobody grants more than they hold: who writes a role or binds one must have every right in it, or the right to
// escalate or bind.
// Source: pkg/registry/rbac/{role,rolebinding,clusterrole,clusterrolebinding}/policybased/storage.go, escalation_check.go.
import { jsonEquals } from "../../../api/patch/json-tree.js";
import type { AccessAttributes, AdmissionRequest, Authorizer } from "../access.js";
import { type AdmissionPlugin, refused } from "../admission/admission-plugin.js";
import { type PolicyRule, quotedList, rulesText, uncovered } from "./policy-rules.js";
import type { BindingObject, RbacAuthorizer, RoleObject } from "./rbac-authorizer.js";

const MASTERS = "system:masters";
const GROUP = "rbac.authorization.k8s.io";

export function rbacEscalation(rbac: RbacAuthorizer, authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "RBACEscalation",
    operations: ["CREATE", "UPDATE"],
    resources: ["roles", "clusterroles", "rolebindings", "clusterrolebindings"].map(
      (each) => `${each}.${GROUP}`,
    ),
    async validate(request) {
      if (request.user.groups.includes(MASTERS)) return;
      const granted = grantedRules(rbac, request);
      if (granted === null) return;
      const decision = await authorizer.authorize(privilege(request));
      if (decision.allowed) return;
      const { user, namespace } = request;
      const missing = uncovered(rbac.policyRules(user, namespace), granted);
      if (missing.length > 0)
        throw refused(
          request,
          `user ${JSON.stringify(user.username)} (groups=${quotedList(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${rulesText(missing).join("\n")}`,
        );
    },
  };
}

/** Null: the write grants nothing new. */
function grantedRules(rbac: RbacAuthorizer, request: AdmissionRequest): readonly PolicyRule[] | null {
  if (isBinding(request)) {
    const next = request.object as BindingObject;
    const before = request.oldObject as BindingObject | null;
    const isSame =
      before !== null &&
      jsonEquals(before.subjects, next.subjects) &&
      jsonEquals(before.roleRef, next.roleRef);
    return isSame ? null : rbac.rulesOfRole(next.roleRef, request.namespace);
  }
  const next = request.object as RoleObject;
  const before = request.oldObject as RoleObject | null;
  if (
    before !== null &&
    jsonEquals(before.rules, next.rules) &&
    jsonEquals(before.aggregationRule, next.aggregationRule)
  )
    return null;
  // Who lets a role aggregate others must hold everything.
  const all: PolicyRule = { apiGroups: ["*"], resources: ["*"], verbs: ["*"] };
  return next.aggregationRule === undefined
    ? (next.rules ?? [])
    : [all, { nonResourceURLs: ["*"], verbs: ["*"] }];
}

function isBinding({ kind }: AdmissionRequest): boolean {
  return kind.plural.endsWith("bindings");
}

/** The right to do it all the same. */
function privilege(request: AdmissionRequest): AccessAttributes {
  const { kind, namespace, user, object } = request;
  const ref = (object as BindingObject).roleRef;
  return {
    user,
    verb: isBinding(request) ? "bind" : "escalate",
    isResourceRequest: true,
    path: "",
    group: GROUP,
    version: "*",
    resource: isBinding(request) ? (ref.kind === "ClusterRole" ? "clusterroles" : "roles") : kind.plural,
    subresource: "",
    namespace,
    name: isBinding(request) ? ref.name : (object?.metadata.name ?? ""),
    fieldSelector: "",
    labelSelector: "",
  };
}
