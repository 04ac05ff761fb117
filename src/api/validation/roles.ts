// Roles and bindings.
// Source: pkg/apis/rbac/validation/validation.go.
import { jsonEquals } from "../patch/json-tree.js";
import type { KubeObject } from "../meta.js";
import { checkChoice, type Fields, isSet, items, part, text } from "./checks.js";
import { type Failure, invalidValue, required, unsupported } from "./failure.js";
import { checkText, pathSegment } from "./names.js";

export function checkRole(role: Fields, failures: Failure[]): void {
  const isNamespaced = role["kind"] === "Role";
  items(role, "rules").forEach((rule, index) => {
    const at = `rules[${index}]`;
    const list = (name: string) => (rule[name] as readonly string[] | undefined) ?? [];
    if (list("verbs").length === 0)
      failures.push(required(`${at}.verbs`, "verbs must contain at least one value"));
    const urls = list("nonResourceURLs");
    if (urls.length > 0) {
      if (isNamespaced)
        failures.push(
          invalidValue(`${at}.nonResourceURLs`, urls, "namespaced rules cannot apply to non-resource URLs"),
        );
      if (list("apiGroups").length + list("resources").length + list("resourceNames").length > 0)
        failures.push(
          invalidValue(
            `${at}.nonResourceURLs`,
            urls,
            "rules cannot apply to both regular resources and non-resource URLs",
          ),
        );
      return;
    }
    if (list("apiGroups").length === 0)
      failures.push(required(`${at}.apiGroups`, "resource rules must supply at least one api group"));
    if (list("resources").length === 0)
      failures.push(required(`${at}.resources`, "resource rules must supply at least one resource"));
  });
  if (
    isSet(role["aggregationRule"]) &&
    items(part(role, "aggregationRule"), "clusterRoleSelectors").length === 0
  )
    failures.push(
      required(
        "aggregationRule.clusterRoleSelectors",
        "at least one clusterRoleSelector required if aggregationRule is non-nil",
      ),
    );
}

const RBAC = "rbac.authorization.k8s.io";

export function checkRoleBinding(binding: Fields, failures: Failure[]): void {
  const ref = part(binding, "roleRef");
  const isNamespaced = binding["kind"] === "RoleBinding";
  const kinds = isNamespaced ? ["Role", "ClusterRole"] : ["ClusterRole"];
  checkChoice(ref["apiGroup"] ?? "", [RBAC], "roleRef.apiGroup", failures);
  checkChoice(ref["kind"] ?? "", kinds, "roleRef.kind", failures);
  if (text(ref, "name") === "") failures.push(required("roleRef.name"));
  else checkText(pathSegment, text(ref, "name"), "roleRef.name", failures);
  items(binding, "subjects").forEach((subject, index) => {
    const at = `subjects[${index}]`;
    if (text(subject, "name") === "") failures.push(required(`${at}.name`));
    const group = text(subject, "apiGroup");
    switch (subject["kind"]) {
      case "ServiceAccount":
        if (group !== "") failures.push(unsupported(`${at}.apiGroup`, group, [""]));
        // A binding in a namespace may mean the account of its own.
        if (!isNamespaced && text(subject, "namespace") === "") failures.push(required(`${at}.namespace`));
        break;
      case "User":
      case "Group":
        if (group !== RBAC) failures.push(unsupported(`${at}.apiGroup`, group, [RBAC]));
        break;
      default:
        failures.push(unsupported(`${at}.kind`, subject["kind"] ?? "", ["ServiceAccount", "User", "Group"]));
    }
  });
}

export function checkRoleRefKept(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const refOf = (object: KubeObject) => (object as unknown as Fields)["roleRef"];
  if (!jsonEquals(refOf(next), refOf(current)))
    failures.push(invalidValue("roleRef", refOf(next), "cannot change roleRef"));
}
