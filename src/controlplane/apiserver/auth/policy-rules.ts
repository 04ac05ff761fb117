// Rules of roles: what they allow, and whether some cover others.
// Source: pkg/apis/rbac/v1/evaluation_helpers.go; component-helpers auth/rbac/validation/policy_comparator.go.
import type { AccessAttributes } from "../access.js";

export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

const ALL = "*";

export function ruleAllows(rule: PolicyRule, asked: AccessAttributes): boolean {
  if (!includes(rule.verbs, asked.verb)) return false;
  if (!asked.isResourceRequest)
    return (rule.nonResourceURLs ?? []).some((url) => urlMatches(url, asked.path));
  const names = rule.resourceNames ?? [];
  return (
    includes(rule.apiGroups ?? [], asked.group) &&
    resourceMatches(rule.resources ?? [], asked.resource, asked.subresource) &&
    (names.length === 0 || names.includes(asked.name))
  );
}

function includes(allowed: readonly string[], wanted: string): boolean {
  return allowed.includes(ALL) || allowed.includes(wanted);
}

/** "pods", "pods/log", "*", "*" + "/scale" for the subresource of every resource. */
function resourceMatches(allowed: readonly string[], resource: string, subresource: string): boolean {
  const wanted = subresource === "" ? resource : `${resource}/${subresource}`;
  return allowed.some(
    (each) => each === ALL || each === wanted || (subresource !== "" && each === `${ALL}/${subresource}`),
  );
}

function urlMatches(allowed: string, path: string): boolean {
  return (
    allowed === ALL || allowed === path || (allowed.endsWith(ALL) && path.startsWith(allowed.slice(0, -1)))
  );
}

/** What of `wanted` nothing in `held` covers, one verb of one resource at a time. */
export function uncovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] {
  return wanted.flatMap(simpleRules).filter((rule) => !held.some((each) => covers(each, rule)));
}

/** A rule as rules of one verb, one group, one resource and one name each. */
function simpleRules(rule: PolicyRule): readonly PolicyRule[] {
  const names = (rule.resourceNames ?? []).map((name) => ({ resourceNames: [name] }));
  const parts = (rule.apiGroups ?? []).flatMap((group) =>
    (rule.resources ?? []).flatMap((resource) =>
      (names.length === 0 ? [{}] : names).map((name) => ({
        apiGroups: [group],
        resources: [resource],
        ...name,
      })),
    ),
  );
  const urls = (rule.nonResourceURLs ?? []).map((url) => ({ nonResourceURLs: [url] }));
  return [...parts, ...urls].flatMap((part) => rule.verbs.map((verb) => ({ ...part, verbs: [verb] })));
}

/** @param simple of one verb, group, resource and name */
function covers(held: PolicyRule, simple: PolicyRule): boolean {
  if (!includes(held.verbs, simple.verbs[0] as string)) return false;
  const [url] = simple.nonResourceURLs ?? [];
  if (url !== undefined) return (held.nonResourceURLs ?? []).some((each) => urlMatches(each, url));
  const [resource = "", subresource = ""] = (simple.resources?.[0] ?? "").split("/");
  const heldNames = held.resourceNames ?? [];
  const name = simple.resourceNames?.[0];
  return (
    includes(held.apiGroups ?? [], simple.apiGroups?.[0] ?? "") &&
    resourceMatches(held.resources ?? [], resource, subresource) &&
    (heldNames.length === 0 || (name !== undefined && heldNames.includes(name)))
  );
}

/** `{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}`, verbs of one resource together. */
export function rulesText(rules: readonly PolicyRule[]): readonly string[] {
  const verbsOf = new Map<string, { readonly rule: PolicyRule; readonly verbs: string[] }>();
  for (const rule of rules) {
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames, rule.nonResourceURLs]);
    const known = verbsOf.get(key);
    if (known === undefined) verbsOf.set(key, { rule, verbs: [...rule.verbs] });
    else known.verbs.push(...rule.verbs);
  }
  return [...verbsOf.values()].map(({ rule, verbs }) => ruleText({ ...rule, verbs })).sort();
}

function ruleText(rule: PolicyRule): string {
  const parts = [
    ["APIGroups", rule.apiGroups],
    ["Resources", rule.resources],
    ["NonResourceURLs", rule.nonResourceURLs],
    ["ResourceNames", rule.resourceNames],
    ["Verbs", rule.verbs],
  ] as const;
  return `{${parts
    .filter(([, values]) => values !== undefined && values.length > 0)
    .map(([name, values]) => `${name}:${quotedList(values ?? [])}`)
    .join(", ")}}`;
}

/** As Go prints a list of strings. */
export function quotedList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(" ")}]`;
}
