// The roles and bindings that every cluster starts with, from bootstrap-policy.json. A rule is a line of text there:
//   GROUPS/RESOURCES[NAMES] = VERBS      ("/pods,pods/log = get,list"; the core group is "")
//   url PATHS = VERBS
import { readFileSync } from "node:fs";
import type { KubeObject } from "../../../api/meta.js";
import { sourcePath } from "../../../base/source-path.js";
import type { PolicyRule } from "./policy-rules.js";

interface RoleRow {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Labels of the roles whose rules are this one's, too. */
  readonly aggregates?: readonly string[];
  readonly rules: readonly string[];
}

interface BindingRow {
  readonly name: string;
  readonly namespace?: string;
  readonly role: string;
  /** "Group system:masters", "User system:kube-proxy", "ServiceAccount kube-system/job-controller". */
  readonly subjects: readonly string[];
}

interface PolicyFile {
  readonly clusterRoles: readonly RoleRow[];
  readonly roles: readonly RoleRow[];
  readonly clusterRoleBindings: readonly BindingRow[];
  readonly roleBindings: readonly BindingRow[];
}

const GROUP = "rbac.authorization.k8s.io";
const API_VERSION = `${GROUP}/v1`;

/** Roles before the bindings that name them. Aggregated roles have the rules of those they aggregate. */
export function bootstrapPolicy(): readonly KubeObject[] {
  const file: PolicyFile = JSON.parse(
    readFileSync(sourcePath(import.meta.url, "bootstrap-policy.json"), "utf8"),
  );
  return [
    ...file.clusterRoles.map((row) => roleOf("ClusterRole", row, rulesOf(row, file.clusterRoles))),
    ...file.roles.map((row) => roleOf("Role", row, row.rules.map(parsedRule))),
    ...file.clusterRoleBindings.map((row) => bindingOf("ClusterRoleBinding", "ClusterRole", row)),
    ...file.roleBindings.map((row) => bindingOf("RoleBinding", "Role", row)),
  ];
}

function rulesOf(row: RoleRow, all: readonly RoleRow[]): readonly PolicyRule[] {
  const aggregated = (row.aggregates ?? []).flatMap((label) =>
    all
      .filter((other) => other !== row && other.labels?.[label] === "true")
      .flatMap((other) => rulesOf(other, all)),
  );
  return [...row.rules.map(parsedRule), ...aggregated];
}

function parsedRule(text: string): PolicyRule {
  const [what = "", verbs = ""] = text.split(" = ");
  if (what.startsWith("url ")) return { nonResourceURLs: what.slice(4).split(","), verbs: verbs.split(",") };
  const [, groups = "", resources = "", names] = /^([^/]*)\/([^[]*)(?:\[(.*)\])?$/.exec(what) ?? [];
  return {
    apiGroups: groups.split(","),
    resources: resources.split(","),
    ...(names === undefined ? {} : { resourceNames: names.split(",") }),
    verbs: verbs.split(","),
  };
}

function metadataOf(row: RoleRow | BindingRow): KubeObject["metadata"] {
  const own = "labels" in row ? row.labels : undefined;
  return {
    name: row.name,
    ...(row.namespace === undefined ? {} : { namespace: row.namespace }),
    labels: { "kubernetes.io/bootstrapping": "rbac-defaults", ...own },
    annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
  };
}

function roleOf(kind: string, row: RoleRow, rules: readonly PolicyRule[]): KubeObject {
  const aggregation =
    row.aggregates === undefined
      ? {}
      : {
          aggregationRule: {
            clusterRoleSelectors: row.aggregates.map((label) => ({ matchLabels: { [label]: "true" } })),
          },
        };
  const role = { apiVersion: API_VERSION, kind, metadata: metadataOf(row), ...aggregation, rules };
  return role;
}

function bindingOf(kind: string, roleKind: string, row: BindingRow): KubeObject {
  const binding = {
    apiVersion: API_VERSION,
    kind,
    metadata: metadataOf(row),
    subjects: row.subjects.map(subjectOf),
    roleRef: { apiGroup: GROUP, kind: roleKind, name: row.role },
  };
  return binding;
}

function subjectOf(text: string): object {
  const [kind = "", name = ""] = text.split(" ");
  if (kind !== "ServiceAccount") return { kind, apiGroup: GROUP, name };
  const [namespace, account] = name.split("/");
  return { kind, name: account, namespace };
}
