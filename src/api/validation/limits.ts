// What a namespace and what is in it may use: quotas and limit ranges.
// Source: pkg/apis/core/validation/validation.go (ValidateResourceQuota, ValidateLimitRange).
import { jsonEquals } from "../patch/json-tree.js";
import { quantityMilliValue } from "../quantity.js";
import type { KubeObject } from "../meta.js";
import { checkQuantities, type Fields, isSet, items, part, text } from "./checks.js";
import { duplicate, type Failure, forbiddenField, IMMUTABLE, invalidValue } from "./failure.js";

const SCOPES = [
  "Terminating",
  "NotTerminating",
  "BestEffort",
  "NotBestEffort",
  "PriorityClass",
  "CrossNamespacePodAffinity",
  "VolumeAttributesClass",
];

export function checkResourceQuota(quota: Fields, failures: Failure[]): void {
  const spec = part(quota, "spec");
  checkQuantities(part(spec, "hard"), "spec.hard", failures);
  const scopes = items(spec, "scopes") as unknown as readonly string[];
  for (const scope of scopes)
    if (!SCOPES.includes(scope)) failures.push(invalidValue("spec.scopes", scope, "unsupported scope"));
  for (const [one, other] of [
    ["BestEffort", "NotBestEffort"],
    ["Terminating", "NotTerminating"],
  ] as const)
    if (scopes.includes(one) && scopes.includes(other))
      failures.push(invalidValue("spec.scopes", scopes, "conflicting scopes"));
}

export function checkResourceQuotaUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const scopesOf = (object: KubeObject) =>
    [...(items(part(object as unknown as Fields, "spec"), "scopes") as unknown as string[])].sort();
  const scopes = scopesOf(next);
  if (!jsonEquals(scopes, scopesOf(current))) failures.push(invalidValue("spec.scopes", scopes, IMMUTABLE));
}

const LIMIT_TYPES = ["Container", "PersistentVolumeClaim", "Pod"];

export function checkLimitRange(range: Fields, failures: Failure[]): void {
  const types = new Set<string>();
  items(part(range, "spec"), "limits").forEach((limit, index) => {
    const at = `spec.limits[${index}]`;
    const type = text(limit, "type");
    if (!type.includes("/") && !LIMIT_TYPES.includes(type))
      failures.push(invalidValue(`${at}.type`, type, "must be a standard limit type or fully qualified"));
    if (types.has(type)) failures.push(duplicate(`${at}.type`, type));
    types.add(type);
    for (const bound of ["min", "max", "default", "defaultRequest", "maxLimitRequestRatio"])
      checkQuantities(part(limit, bound), `${at}.${bound}`, failures);
    if (type === "Pod")
      for (const name of ["default", "defaultRequest"])
        if (isSet(limit[name]))
          failures.push(forbiddenField(`${at}.${name}`, "may not be specified when `type` is 'Pod'"));
    checkOrder(limit, at, failures);
  });
}

/** min <= defaultRequest <= default <= max. */
function checkOrder(limit: Fields, path: string, failures: Failure[]): void {
  const pairs = [
    ["min", "max", "min value", "max value"],
    ["min", "defaultRequest", "min value", "default request value"],
    ["min", "default", "min value", "default value"],
    ["defaultRequest", "max", "default request value", "max value"],
    ["defaultRequest", "default", "default request value", "default limit value"],
    ["default", "max", "default value", "max value"],
  ] as const;
  for (const [low, high, lowName, highName] of pairs)
    for (const [name, amount] of Object.entries(part(limit, low))) {
      const other = part(limit, high)[name];
      if (!isSet(other)) continue;
      const [less, more] = [
        quantityMilliValue(amount as string) ?? 0,
        quantityMilliValue(other as string) ?? 0,
      ];
      if (less > more)
        failures.push(
          invalidValue(
            `${path}.${low}[${name}]`,
            String(amount),
            `${lowName} ${amount} is greater than ${highName} ${other}`,
          ),
        );
    }
}
