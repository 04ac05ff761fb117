// Role based access: the roles that bindings give to a user and to the user's groups.
// Cost: one pass over the bindings of the cluster and of the namespace asked about; roles are looked up only for bindings
// of the user. Nothing is kept: what the watch cache has is what counts.
// Source: plugin/pkg/auth/authorizer/rbac/rbac.go, pkg/registry/rbac/validation/rule.go.
import type { KubeObject, LabelSelector } from "../../../api/meta.js";
import { matchesSelector } from "../../../api/selector.js";
import type { UserInfo } from "../../protocol/api-request.js";
import type {
  AccessAttributes,
  AccessDecision,
  AccessRules,
  Authorizer,
  NonResourceRule,
  ResourceRule,
} from "../access.js";
import { kindRow, type ObjectReader } from "../object-access.js";
import { type PolicyRule, ruleAllows } from "./policy-rules.js";

const GROUP = "rbac.authorization.k8s.io";
const CLUSTER_ROLES = kindRow(GROUP, "clusterroles");
const ROLES = kindRow(GROUP, "roles");
const CLUSTER_ROLE_BINDINGS = kindRow(GROUP, "clusterrolebindings");
const ROLE_BINDINGS = kindRow(GROUP, "rolebindings");

export interface RoleRef {
  readonly kind: string;
  readonly name: string;
}

export interface RoleObject extends KubeObject {
  readonly rules?: readonly PolicyRule[];
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly LabelSelector[] };
}

interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface BindingObject extends KubeObject {
  readonly subjects?: readonly Subject[];
  readonly roleRef: RoleRef;
}

/** Members may do everything, whatever roles there are. */
const MASTERS = "system:masters";

export const mastersAuthorizer: Authorizer = {
  authorize: ({ user }) => ({ allowed: user.groups.includes(MASTERS), reason: "" }),
  rulesFor: (user) =>
    user.groups.includes(MASTERS)
      ? {
          resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
          nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
        }
      : { resourceRules: [], nonResourceRules: [] },
};

export class RbacAuthorizer implements Authorizer {
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  authorize(asked: AccessAttributes): AccessDecision {
    for (const { rules, reason } of this.#granted(asked.user, asked.namespace))
      if (rules().some((rule) => ruleAllows(rule, asked))) return { allowed: true, reason: reason() };
    return { allowed: false, reason: "" };
  }

  rulesFor(user: UserInfo, namespace: string): AccessRules {
    const rules = this.policyRules(user, namespace);
    return {
      resourceRules: rules.filter((rule) => (rule.resources ?? []).length > 0).map(resourceRule),
      nonResourceRules: rules.filter((rule) => (rule.nonResourceURLs ?? []).length > 0).map(nonResourceRule),
    };
  }

  /** @param namespace "": only what holds in the whole cluster */
  policyRules(user: UserInfo, namespace: string): readonly PolicyRule[] {
    return [...this.#granted(user, namespace)].flatMap(({ rules }) => rules());
  }

  /** Of a role that does not exist: none. @param namespace where a Role is looked for */
  rulesOfRole(ref: RoleRef, namespace: string): readonly PolicyRule[] {
    const role =
      ref.kind === "ClusterRole"
        ? this.#reader.get(CLUSTER_ROLES, "", ref.name)
        : this.#reader.get(ROLES, namespace, ref.name);
    return role === undefined ? [] : this.#allRules(role, new Set());
  }

  /** Its own, and those of the roles that it aggregates, whether the controller has copied them yet or not. */
  #allRules(role: RoleObject, seen: Set<string>): readonly PolicyRule[] {
    const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
    if (selectors.length === 0) return role.rules ?? [];
    seen.add(role.metadata.name);
    const aggregated = [...(this.#reader.list(CLUSTER_ROLES, "") as Iterable<RoleObject>)].filter(
      ({ metadata }) =>
        !seen.has(metadata.name) && selectors.some((selector) => matchesSelector(metadata.labels, selector)),
    );
    return [...(role.rules ?? []), ...aggregated.flatMap((each) => this.#allRules(each, seen))];
  }

  *#granted(user: UserInfo, namespace: string) {
    for (const binding of this.#reader.list(CLUSTER_ROLE_BINDINGS, "") as Iterable<BindingObject>) {
      const subject = subjectIn(binding, user, "");
      if (subject === null) continue;
      const { roleRef, metadata } = binding;
      yield {
        rules: () => this.rulesOfRole(roleRef, ""),
        reason: () =>
          `RBAC: allowed by ClusterRoleBinding "${metadata.name}" of ClusterRole "${roleRef.name}" to ${described(subject)}`,
      };
    }
    if (namespace === "") return;
    for (const binding of this.#reader.list(ROLE_BINDINGS, namespace) as Iterable<BindingObject>) {
      const subject = subjectIn(binding, user, namespace);
      if (subject === null) continue;
      const { roleRef, metadata } = binding;
      yield {
        rules: () => this.rulesOfRole(roleRef, namespace),
        reason: () =>
          `RBAC: allowed by RoleBinding "${metadata.name}/${namespace}" of ${roleRef.kind} "${roleRef.name}" to ${described(subject)}`,
      };
    }
  }
}

function subjectIn(binding: BindingObject, user: UserInfo, namespace: string): Subject | null {
  for (const subject of binding.subjects ?? []) if (isUser(subject, user, namespace)) return subject;
  return null;
}

function isUser(
  { kind, name, namespace: own }: Subject,
  { username, groups }: UserInfo,
  namespace: string,
): boolean {
  switch (kind) {
    case "User":
      return username === name;
    case "Group":
      return groups.includes(name);
    case "ServiceAccount":
      return (
        username.startsWith("system:serviceaccount:") &&
        username === `system:serviceaccount:${own || namespace}:${name}`
      );
    default:
      return false;
  }
}

function described({ kind, name, namespace }: Subject): string {
  return kind === "ServiceAccount" ? `ServiceAccount "${name}/${namespace ?? ""}"` : `${kind} "${name}"`;
}

function resourceRule({ verbs, apiGroups = [], resources = [], resourceNames }: PolicyRule): ResourceRule {
  return { verbs, apiGroups, resources, ...(resourceNames === undefined ? {} : { resourceNames }) };
}

function nonResourceRule({ verbs, nonResourceURLs = [] }: PolicyRule): NonResourceRule {
  return { verbs, nonResourceURLs };
}
