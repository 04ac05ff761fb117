// What each object of a namespace may use.
// Source: pkg/apis/core/validation/validation.go (ValidateLimitRange).
import { quantityMilliValue } from "../quantity.js";
import { type Fields, items, part, text } from "./checks.js";
import { checkResourceName } from "./container-resources.js";
import { duplicate, type Failure, forbiddenField, invalidValue, required } from "./failure.js";
import { checkText, qualifiedName } from "./names.js";
import { checkResourceType } from "./resource-types.js";

const LIMIT_TYPES = ["Container", "PersistentVolumeClaim", "Pod"];
const BOUNDS = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];

export function checkLimitRange(range: Fields, failures: Failure[]): void {
  const types = new Set<string>();
  items(part(range, "spec"), "limits").forEach((limit, index) => {
    const at = `spec.limits[${index}]`;
    const type = text(limit, "type");
    checkLimitType(type, `${at}.type`, failures);
    if (types.has(type)) failures.push(duplicate(`${at}.type`, type));
    types.add(type);
    checkLimit(limit, type, at, failures);
  });
}

function checkLimitType(type: string, path: string, failures: Failure[]): void {
  const count = failures.length;
  checkText(qualifiedName, type, path, failures);
  if (failures.length === count && !type.includes("/") && !LIMIT_TYPES.includes(type))
    failures.push(invalidValue(path, type, "must be a standard limit type or fully qualified"));
}

function checkLimit(limit: Fields, type: string, path: string, failures: Failure[]): void {
  const isContained = type === "Pod" || type === "Container";
  const bounds: Record<string, Fields> = {};
  for (const bound of BOUNDS) {
    const amounts = part(limit, bound);
    const isForbidden = type === "Pod" && bound.startsWith("default");
    if (isForbidden && Object.keys(amounts).length > 0)
      failures.push(forbiddenField(`${path}.${bound}`, "may not be specified when `type` is 'Pod'"));
    if (isForbidden) continue;
    bounds[bound] = amounts;
    for (const name in amounts)
      if (isContained) checkResourceName(name, `${path}.${bound}[${name}]`, failures);
      else checkResourceType(name, `${path}.${bound}[${name}]`, failures);
  }
  const isStorageBounded = ["min", "max"].some((bound) => Object.hasOwn(part(limit, bound), "storage"));
  if (type === "PersistentVolumeClaim" && !isStorageBounded)
    failures.push(
      required(
        `${path}.limits`,
        "either minimum or maximum storage value is required, but neither was provided",
      ),
    );
  checkOrder(bounds, path, failures);
  checkRatios(bounds, path, failures);
}

/** [the less, the more, which field is said to be wrong, whose value is shown]: min <= defaultRequest <= default <= max. */
const ORDER = [
  ["min", "max", "min", "min"],
  ["min", "defaultRequest", "defaultRequest", "defaultRequest"],
  ["defaultRequest", "max", "defaultRequest", "defaultRequest"],
  ["defaultRequest", "default", "defaultRequest", "defaultRequest"],
  ["min", "default", "default", "min"],
  ["default", "max", "default", "max"],
] as const;
const BOUND_NAMES: Readonly<Record<string, string>> = {
  min: "min value",
  max: "max value",
  default: "default value",
  defaultRequest: "default request value",
};

function checkOrder(bounds: Readonly<Record<string, Fields>>, path: string, failures: Failure[]): void {
  for (const [low, high, field, shown] of ORDER)
    for (const name in bounds[low]) {
      const [less, more] = [bounds[low]?.[name], bounds[high]?.[name]] as [string, string | undefined];
      if (more === undefined || milliOf(less) <= milliOf(more)) continue;
      const highName =
        low === "defaultRequest" && high === "default" ? "default limit value" : BOUND_NAMES[high];
      failures.push(
        invalidValue(
          `${path}.${field}[${name}]`,
          String(bounds[shown]?.[name]),
          `${BOUND_NAMES[low]} ${less} is greater than ${highName} ${more}`,
        ),
      );
    }
}

/** No limit can be more than max / min times its request. */
function checkRatios(bounds: Readonly<Record<string, Fields>>, path: string, failures: Failure[]): void {
  for (const name in bounds["maxLimitRequestRatio"]) {
    const at = `${path}.maxLimitRequestRatio[${name}]`;
    const ratio = bounds["maxLimitRequestRatio"][name] as string;
    const refuse = (why: string) =>
      failures.push(invalidValue(at, String(ratio), `ratio ${ratio} is ${why}`));
    if (milliOf(ratio) < 1000) refuse("less than 1");
    const [least, most] = [bounds["min"]?.[name], bounds["max"]?.[name]];
    if (least === undefined || most === undefined) continue;
    const widest = milliOf(most) / milliOf(least);
    if (milliOf(ratio) / 1000 > widest) refuse(`greater than max/min = ${widest.toFixed(6)}`);
  }
}

function milliOf(amount: unknown): number {
  return quantityMilliValue(amount as string) ?? 0;
}
