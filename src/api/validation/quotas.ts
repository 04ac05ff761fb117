// What a namespace may use.
// Source: pkg/apis/core/validation/validation.go (ValidateResourceQuota).
import { jsonEquals } from "../patch/json-tree.js";
import type { KubeObject } from "../meta.js";
import { checkQuantities, type Fields, items, part, text } from "./checks.js";
import { type Failure, IMMUTABLE, invalidValue, required } from "./failure.js";
import { CLAIM_RESOURCES, checkResourceType, isQuotaResource, POD_RESOURCES } from "./resource-types.js";

/** Of each scope the standard resources that it may narrow. */
const SCOPES: Readonly<Record<string, readonly string[]>> = {
  Terminating: POD_RESOURCES,
  NotTerminating: POD_RESOURCES,
  BestEffort: ["pods"],
  NotBestEffort: POD_RESOURCES,
  PriorityClass: POD_RESOURCES,
  CrossNamespacePodAffinity: POD_RESOURCES,
  VolumeAttributesClass: CLAIM_RESOURCES,
};
/** Their Pods are such or not: there is no value to ask for. */
const VALUELESS_SCOPES = [
  "BestEffort",
  "NotBestEffort",
  "Terminating",
  "NotTerminating",
  "CrossNamespacePodAffinity",
];
const CONFLICTS = [
  ["BestEffort", "NotBestEffort"],
  ["Terminating", "NotTerminating"],
] as const;

export function checkResourceQuota(quota: Fields, failures: Failure[]): void {
  const spec = part(quota, "spec");
  const hard = part(spec, "hard");
  for (const name in hard) {
    const at = `spec.hard[${name}]`;
    checkResourceType(name, at, failures);
    if (!name.includes("/") && !isQuotaResource(name))
      failures.push(invalidValue(at, name, "must be a standard resource for quota"));
  }
  checkQuantities(hard, "spec.hard", failures);
  const scopes = items(spec, "scopes") as unknown as readonly (string | null)[];
  const names = scopes.map((scope) => scope ?? "");
  checkScopes(spec, names, "spec.scopes", "spec.scopes", names, failures);
  checkConflicts(names, names, failures);
  checkScopeSelector(spec, failures);
}

/** That scopes are known and fit what is limited. */
function checkScopes(
  spec: Fields,
  scopes: readonly string[],
  scopePath: string,
  resourcePath: string,
  shown: unknown,
  failures: Failure[],
): void {
  const limited = Object.keys(part(spec, "hard")).filter(isQuotaResource);
  for (const scope of scopes) {
    const narrowed = SCOPES[scope];
    if (narrowed === undefined)
      failures.push(invalidValue(scopePath, Array.isArray(shown) ? shown : scope, "unsupported scope"));
    else
      for (const name of limited)
        if (!narrowed.includes(name))
          failures.push(invalidValue(resourcePath, shown, "unsupported scope applied to resource"));
  }
}

function checkConflicts(scopes: readonly string[], shown: readonly string[], failures: Failure[]): void {
  for (const [one, other] of CONFLICTS)
    if (scopes.includes(one) && scopes.includes(other))
      failures.push(invalidValue("spec.scopes", shown, "conflicting scopes"));
}

function checkScopeSelector(spec: Fields, failures: Failure[]): void {
  const at = "spec.scopeSelector.matchExpressions";
  const selector = part(spec, "scopeSelector");
  const requirements = items(selector, "matchExpressions");
  for (const requirement of requirements) {
    const [scope, operator] = [text(requirement, "scopeName"), text(requirement, "operator")];
    const values = (requirement["values"] as readonly string[] | undefined | null) ?? [];
    checkScopes(spec, [scope], `${at}.scopeName`, at, selector, failures);
    if (VALUELESS_SCOPES.includes(scope) && operator !== "Exists")
      failures.push(
        invalidValue(
          `${at}.operator`,
          operator,
          "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
        ),
      );
    if (operator === "In" || operator === "NotIn") {
      if (values.length === 0)
        failures.push(
          required(
            `${at}.values`,
            "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
          ),
        );
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      if (values.length > 0)
        failures.push(
          invalidValue(
            `${at}.values`,
            values,
            "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
          ),
        );
    } else failures.push(invalidValue(`${at}.operator`, operator, "not a valid selector operator"));
  }
  const shown = (spec["scopes"] as readonly string[] | undefined) ?? [];
  checkConflicts(
    requirements.map((each) => text(each, "scopeName")),
    shown,
    failures,
  );
}

export function checkResourceQuotaUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const scopesOf = (object: KubeObject) =>
    [...(items(part(object as unknown as Fields, "spec"), "scopes") as unknown as string[])].sort();
  const scopes = scopesOf(next);
  if (!jsonEquals(scopes, scopesOf(current))) failures.push(invalidValue("spec.scopes", scopes, IMMUTABLE));
}
