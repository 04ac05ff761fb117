// Rules for the fields of an object, written as data, and the one function that checks a value against them.
// A null field counts as absent, as it does in the API, and is taken out of the object. Fields without a rule are
// nobody's business. All that is wrong is reported, each with its path.
import { canonicalIp, parseCidr } from "../base/ip.js";
import { describe } from "./documents.js";
import type { Path } from "./problems.js";

export type Rule =
  | { readonly kind: "value"; readonly expected: string; readonly test: (value: unknown) => boolean }
  | { readonly kind: "list"; readonly item: Rule; readonly max: number }
  | { readonly kind: "map"; readonly value: Rule }
  | {
      readonly kind: "object";
      readonly fields: Readonly<Record<string, Rule>>;
      readonly required: readonly string[];
    };

/** Receives what is wrong: "is 70000, expected a port, 1..65535". */
export type Report = (path: Path, problem: string) => void;

function value(expected: string, test: (value: unknown) => boolean): Rule {
  return { kind: "value", expected, test };
}

export function text(expected: string, test: (text: string) => boolean): Rule {
  return value(expected, (candidate) => typeof candidate === "string" && test(candidate));
}

export function oneOf(...names: readonly string[]): Rule {
  const expected = names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  return value(expected ?? "nothing", (candidate) => names.includes(candidate as string));
}

export function integer(what: string, least: number, most: number): Rule {
  return value(`${what}, ${least}..${most}`, (candidate) => isIntegerIn(candidate, least, most));
}

export function list(item: Rule, max = Number.POSITIVE_INFINITY): Rule {
  return { kind: "list", item, max };
}

export function map(item: Rule): Rule {
  return { kind: "map", value: item };
}

export function object(fields: Readonly<Record<string, Rule>>, ...required: readonly string[]): Rule {
  return { kind: "object", fields, required };
}

export const STRING = text("a string (put numbers and booleans in quotes)", () => true);
export const BOOLEAN = value("true or false", (candidate) => typeof candidate === "boolean");
export const PORT = integer("a port", 1, 65535);
/** 0 stands for none in objects that a server wrote. */
export const PORT_OR_NONE = integer("a port", 0, 65535);
export const PROTOCOL = oneOf("TCP", "UDP", "SCTP");
export const IP = text("an IP address", (candidate) => canonicalIp(candidate) !== null);
export const CIDR = text(
  "a CIDR such as 10.0.0.0/8",
  (candidate) => candidate.includes("/") && parseCidr(candidate) !== null,
);
export const LABEL_NAME = text("lower-case letters, digits and '-', at most 63 (DNS label)", isLabelName);
/** The name of a Service's or an endpoint's port; "" is how objects of a server say that there is none. */
export const PORT_LABEL = text(
  "lower-case letters, digits and '-', at most 63 (DNS label)",
  (candidate) => candidate === "" || isLabelName(candidate),
);
export const SUBDOMAIN_NAME = text(
  "lower-case letters, digits, '-' and '.', at most 253 (DNS subdomain)",
  (candidate) =>
    candidate.length <= 253 &&
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(candidate),
);
/** A port as a number or as a name that a container gives it; 0 and "" stand for "the same as port". */
export const TARGET_PORT = value(
  "a port, 1..65535, or a port's name (at most 15 of a-z, 0-9 and '-', at least one letter)",
  (candidate) =>
    isIntegerIn(candidate, 0, 65535) ||
    (typeof candidate === "string" &&
      (candidate === "" || PORT_NAME.test(candidate)) &&
      candidate.length <= 15),
);
const PORT_NAME = /^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/i;

/** metav1.LabelSelector. */
export const LABEL_SELECTOR = object({
  matchLabels: map(STRING),
  matchExpressions: list(
    object(
      { key: STRING, operator: oneOf("In", "NotIn", "Exists", "DoesNotExist"), values: list(STRING) },
      "key",
      "operator",
    ),
  ),
});

/** Check `candidate`, which stands at `path`, and take out nulls. Cost: O(values that have rules). */
export function checkValue(candidate: unknown, rule: Rule, path: Path, report: Report): void {
  switch (rule.kind) {
    case "value":
      if (!rule.test(candidate)) report(path, `is ${describe(candidate)}, expected ${rule.expected}`);
      break;
    case "list":
      if (Array.isArray(candidate)) checkItems(candidate, rule, path, report);
      else report(path, `is ${describe(candidate)}, expected a list`);
      break;
    case "map":
      if (isFields(candidate)) checkEntries(candidate, rule, path, report);
      else report(path, `is ${describe(candidate)}, expected a map`);
      break;
    case "object":
      if (isFields(candidate)) checkFields(candidate, rule, path, report);
      else report(path, `is ${describe(candidate)}, expected a map of fields`);
  }
}

function checkEntries(
  entries: Record<string, unknown>,
  rule: Rule & { kind: "map" },
  path: Path,
  report: Report,
): void {
  for (const [key, item] of Object.entries(entries)) checkValue(item, rule.value, [...path, key], report);
}

function checkItems(
  items: readonly unknown[],
  rule: Rule & { kind: "list" },
  path: Path,
  report: Report,
): void {
  if (items.length > rule.max) report(path, `has ${items.length} items, expected at most ${rule.max}`);
  for (let index = 0; index < items.length; index++)
    checkValue(items[index], rule.item, [...path, index], report);
}

function checkFields(
  fields: Record<string, unknown>,
  rule: Rule & { kind: "object" },
  path: Path,
  report: Report,
): void {
  for (const name in rule.fields) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === null) delete fields[name];
    if (field !== undefined && field !== null)
      checkValue(field, rule.fields[name] as Rule, [...path, name], report);
    else if (rule.required.includes(name))
      report([...path, name], `is missing, expected ${expectation(rule.fields[name] as Rule)}`);
  }
}

function expectation(rule: Rule): string {
  return rule.kind === "value" ? rule.expected : rule.kind === "list" ? "a list" : "a map";
}

function isLabelName(candidate: string): boolean {
  return candidate.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(candidate);
}

function isFields(candidate: unknown): candidate is Record<string, unknown> {
  return typeof candidate === "object" && candidate !== null && !Array.isArray(candidate);
}

function isIntegerIn(candidate: unknown, least: number, most: number): boolean {
  return Number.isInteger(candidate) && (candidate as number) >= least && (candidate as number) <= most;
}
