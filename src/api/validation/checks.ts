// Checks that many kinds share: numbers, choices, quantities, selectors, lists.
import { quantityMilliValue } from "../quantity.js";
import { matchesSelector } from "../selector.js";
import type { LabelSelector } from "../meta.js";
import { duplicate, type Failure, invalidValue, NOT_NEGATIVE, required, unsupported } from "./failure.js";
import { checkText, labelValue, qualifiedName } from "./names.js";

export type Fields = Readonly<Record<string, unknown>>;

export const EMPTY: Fields = Object.freeze({});
const NO_ITEMS: readonly Fields[] = Object.freeze([]);

/** An object's part, empty when it is absent. */
export function part(owner: Fields, name: string): Fields {
  return (owner[name] as Fields | undefined | null) ?? EMPTY;
}

/** A list's items, none when it is absent. */
export function items(owner: Fields, name: string): readonly Fields[] {
  return (owner[name] as readonly Fields[] | undefined | null) ?? NO_ITEMS;
}

export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** "" and absent are the same for fields that are no pointers. */
export function text(owner: Fields, name: string): string {
  return (owner[name] as string | undefined | null) ?? "";
}

export function checkNotNegative(
  owner: Fields,
  names: readonly string[],
  path: string,
  failures: Failure[],
): void {
  for (const name of names) {
    const value = owner[name];
    if (typeof value === "number" && value < 0)
      failures.push(invalidValue(`${path}.${name}`, value, NOT_NEGATIVE));
  }
}

/** One of a closed set. Absent is not checked. */
export function checkChoice(
  value: unknown,
  choices: readonly string[],
  path: string,
  failures: Failure[],
): void {
  if (isSet(value) && !choices.includes(value as string)) failures.push(unsupported(path, value, choices));
}

export function checkRequiredChoice(
  value: unknown,
  choices: readonly string[],
  path: string,
  failures: Failure[],
): void {
  if (!isSet(value) || value === "") failures.push(required(path));
  else checkChoice(value, choices, path, failures);
}

/** Quantities of resources: none below zero; counted resources in whole numbers. */
export function checkQuantities(quantities: Fields, path: string, failures: Failure[]): void {
  for (const name in quantities) {
    const value = quantities[name] as string | number;
    const milli = quantityMilliValue(value);
    if (milli === null)
      failures.push(
        invalidValue(
          `${path}[${name}]`,
          value,
          "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
      );
    else if (milli < 0) failures.push(invalidValue(`${path}[${name}]`, String(value), NOT_NEGATIVE));
    else if (milli % 1000 !== 0 && isCounted(name))
      failures.push(invalidValue(`${path}[${name}]`, String(value), "must be an integer"));
  }
}

const COUNTED: ReadonlySet<string> = new Set([
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
]);

/** Extended resources ("example.com/gpu") and numbers of objects come in whole pieces. */
function isCounted(name: string): boolean {
  return COUNTED.has(name) || (name.includes("/") && !name.startsWith("requests."));
}

export function checkLabels(labels: unknown, path: string, failures: Failure[]): void {
  if (typeof labels !== "object" || labels === null) return;
  for (const key in labels) {
    checkText(qualifiedName, key, path, failures);
    const value = (labels as Record<string, string>)[key] as string;
    for (const why of labelValue(value)) failures.push(invalidValue(path, value, why));
  }
}

const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"];

export function checkSelector(selector: Fields, path: string, failures: Failure[]): void {
  checkLabels(selector["matchLabels"], `${path}.matchLabels`, failures);
  items(selector, "matchExpressions").forEach((requirement, index) => {
    const at = `${path}.matchExpressions[${index}]`;
    const operator = text(requirement, "operator");
    const values = (requirement["values"] as readonly string[] | undefined) ?? [];
    if (operator === "In" || operator === "NotIn") {
      if (values.length === 0)
        failures.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      if (values.length > 0)
        failures.push({
          reason: "FieldValueForbidden",
          field: `${at}.values`,
          message: "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        });
    } else failures.push(invalidValue(`${at}.operator`, operator, "not a valid selector operator"));
    checkText(qualifiedName, text(requirement, "key"), `${at}.key`, failures);
    if (OPERATORS.includes(operator))
      values.forEach((value, each) => {
        checkText(labelValue, value, `${at}.values[${each}]`, failures);
      });
  });
}

export function isEmptySelector(selector: Fields): boolean {
  return (
    Object.keys(part(selector, "matchLabels")).length === 0 &&
    items(selector, "matchExpressions").length === 0
  );
}

/** A selector with an operator that is none matches nothing here; it is refused where it stands. */
export function selects(selector: Fields, labels: unknown): boolean {
  const isReadable = items(selector, "matchExpressions").every((each) =>
    OPERATORS.includes(text(each, "operator")),
  );
  return (
    isReadable && matchesSelector(labels as Record<string, string> | undefined, selector as LabelSelector)
  );
}

/** Names of list items: there, well-formed, each once. */
export function checkUnique(names: Set<string>, name: string, path: string, failures: Failure[]): void {
  if (names.has(name)) failures.push(duplicate(path, name));
  else names.add(name);
}

const PERCENT = /^[0-9]+%$/;

/** A count, or "25%". */
export function checkCountOrPercent(value: unknown, path: string, failures: Failure[]): void {
  if (typeof value === "string") {
    if (!PERCENT.test(value))
      failures.push(
        invalidValue(
          path,
          value,
          "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        ),
      );
  } else if (typeof value === "number" && value < 0) failures.push(invalidValue(path, value, NOT_NEGATIVE));
}

export function countOrPercentValue(value: unknown): number {
  return typeof value === "number" ? value : typeof value === "string" ? Number.parseInt(value, 10) || 0 : 0;
}

export function checkNotAbove100Percent(value: unknown, path: string, failures: Failure[]): void {
  if (typeof value === "string" && PERCENT.test(value) && Number.parseInt(value, 10) > 100)
    failures.push(invalidValue(path, value, "must not be greater than 100%"));
}

/** A path that stays below where it starts. */
export function checkDescending(place: string, path: string, failures: Failure[]): void {
  if (place === "") return;
  if (place.startsWith("/")) failures.push(invalidValue(path, place, "must be a relative path"));
  if (place.split("/").includes("..")) failures.push(invalidValue(path, place, "must not contain '..'"));
}
