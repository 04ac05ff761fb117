// Which requests a FlowSchema is about. A user's part of the question is asked once a user, a request's for every request.
// Source: apiserver pkg/util/flowcontrol/rule.go.
import type { UserInfo } from "../../protocol/api-request.js";
import type { RequestInfo } from "../request-info.js";
import type { FlowSubject, PolicyRules, ResourcePolicyRule, UrlPolicyRule } from "./flow-objects.js";

const ALL = "*";
const SERVICE_ACCOUNT = "system:serviceaccount:";

/** The rules whose subjects the user is one of. */
export function rulesFor(rules: readonly PolicyRules[], user: UserInfo): readonly PolicyRules[] {
  return rules.filter(({ subjects }) => subjects.some((subject) => matchesSubject(user, subject)));
}

function matchesSubject({ username, groups }: UserInfo, subject: FlowSubject): boolean {
  switch (subject.kind) {
    case "User":
      return subject.user?.name === ALL || subject.user?.name === username;
    case "Group":
      return subject.group?.name === ALL || groups.includes(subject.group?.name ?? "");
    case "ServiceAccount": {
      const { namespace, name } = subject.serviceAccount ?? { namespace: "", name: "" };
      const prefix = `${SERVICE_ACCOUNT}${namespace}:`;
      return name === ALL ? username.startsWith(prefix) : username === `${prefix}${name}`;
    }
    default:
      return false;
  }
}

export function matchesRequest(rules: readonly PolicyRules[], info: RequestInfo): boolean {
  for (const { resourceRules, nonResourceRules } of rules)
    if (
      info.isResourceRequest
        ? resourceRules?.some((rule) => matchesResource(rule, info)) === true
        : nonResourceRules?.some((rule) => matchesUrl(rule, info)) === true
    )
      return true;
  return false;
}

function matchesResource(rule: ResourcePolicyRule, info: RequestInfo): boolean {
  if (!includes(rule.verbs, info.verb) || !includes(rule.apiGroups, info.group)) return false;
  const { resource, subresource, namespace } = info;
  if (!includes(rule.resources, subresource === "" ? resource : `${resource}/${subresource}`)) return false;
  return namespace === "" ? rule.clusterScope === true : includes(rule.namespaces ?? [], namespace);
}

function matchesUrl({ verbs, nonResourceURLs }: UrlPolicyRule, { verb, path }: RequestInfo): boolean {
  if (!includes(verbs, verb)) return false;
  return nonResourceURLs.some((url) => {
    if (url === ALL || url === path) return true;
    const prefix = url.replace(/\*$/, "");
    return path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
  });
}

/** Whether every request of such a user is meant, so that none need be looked at. */
export function matchesEverything(rules: readonly PolicyRules[]): boolean {
  const anyResource = rules.some(({ resourceRules = [] }) =>
    resourceRules.some(
      (rule) =>
        rule.clusterScope === true &&
        [rule.verbs, rule.apiGroups, rule.resources, rule.namespaces ?? []].every(isAll),
    ),
  );
  const anyUrl = rules.some(({ nonResourceRules = [] }) =>
    nonResourceRules.some((rule) => isAll(rule.verbs) && isAll(rule.nonResourceURLs)),
  );
  return anyResource && anyUrl;
}

function isAll(list: readonly string[]): boolean {
  return list.length === 1 && list[0] === ALL;
}

function includes(list: readonly string[], value: string): boolean {
  return isAll(list) || list.includes(value);
}
