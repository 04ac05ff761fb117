// FlowSchemas and PriorityLevelConfigurations: who is meant by a schema, and what a level can be.
// Source: pkg/apis/flowcontrol/validation/validation.go; apiserver pkg/util/shufflesharding (entropy).
import { type Fields, isSet, items, part, text } from "./checks.js";
import { type Failure, forbiddenField, invalidValue, required, unsupported } from "./failure.js";
import { checkText, dnsLabel, dnsSubdomain } from "./names.js";

const PRECEDENCE_MAX = 10_000;
const DISTINGUISHERS = ["ByNamespace", "ByUser"];
const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];
const QUEUES_MAX = 10_000_000;
const HASH_BITS_MAX = 60;
const POSITIVE = "must be positive";
const PERCENT = "must be between 0 and 100, inclusive";
const NOT_NEGATIVE_INTEGER = "must be a non-negative integer";

export function checkFlowSchema(schema: Fields, failures: Failure[]): void {
  const spec = part(schema, "spec");
  checkPrecedence(spec, text(part(schema, "metadata"), "name"), failures);
  const method = part(spec, "distinguisherMethod")["type"];
  if (isSet(spec["distinguisherMethod"]) && !DISTINGUISHERS.includes(method as string))
    failures.push(unsupported("spec.distinguisherMethod.type", spec["distinguisherMethod"], DISTINGUISHERS));
  const level = text(part(spec, "priorityLevelConfiguration"), "name");
  const levelPath = "spec.priorityLevelConfiguration.name";
  if (level === "") failures.push(required(levelPath, "must reference a priority level"));
  else checkText(dnsSubdomain, level, levelPath, failures);
  for (const [index, rule] of items(spec, "rules").entries())
    checkPolicyRules(rule, `spec.rules[${index}]`, failures);
}

function checkPrecedence(spec: Fields, name: string, failures: Failure[]): void {
  const path = "spec.matchingPrecedence";
  const precedence = (spec["matchingPrecedence"] as number | undefined) ?? 0;
  if (precedence <= 0) failures.push(invalidValue(path, precedence, "must be a positive value"));
  if (precedence > PRECEDENCE_MAX)
    failures.push(invalidValue(path, precedence, `must not be greater than ${PRECEDENCE_MAX}`));
  if (precedence === 1 && name !== "exempt")
    failures.push(
      invalidValue(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"),
    );
}

function checkPolicyRules(rule: Fields, path: string, failures: Failure[]): void {
  const subjects = items(rule, "subjects");
  if (subjects.length === 0)
    failures.push(required(`${path}.subjects`, "subjects must contain at least one value"));
  for (const [index, subject] of subjects.entries())
    checkSubject(subject, `${path}.subjects[${index}]`, failures);
  const resourceRules = items(rule, "resourceRules");
  const otherRules = items(rule, "nonResourceRules");
  if (resourceRules.length === 0 && otherRules.length === 0)
    failures.push(required(path, "at least one of resourceRules and nonResourceRules has to be non-empty"));
  for (const [index, each] of resourceRules.entries())
    checkResourceRule(each, `${path}.resourceRules[${index}]`, failures);
  for (const [index, each] of otherRules.entries())
    checkUrlRule(each, `${path}.nonResourceRules[${index}]`, failures);
}

/** Field -> the kind whose it is. */
const SUBJECT_KINDS = { group: "Group", serviceAccount: "ServiceAccount", user: "User" } as const;

function checkSubject(subject: Fields, path: string, failures: Failure[]): void {
  const kind = text(subject, "kind");
  const kinds: readonly string[] = Object.values(SUBJECT_KINDS);
  if (!kinds.includes(kind)) {
    failures.push(unsupported(`${path}.kind`, kind, kinds));
    return;
  }
  for (const [field, owner] of Object.entries(SUBJECT_KINDS))
    if (owner === kind) checkSubjectPart(subject, field, kind, `${path}.${field}`, failures);
    else if (isSet(subject[field]))
      failures.push(
        forbiddenField(`${path}.${field}`, `${field} is forbidden when subject kind is not '${owner}'`),
      );
}

function checkSubjectPart(
  subject: Fields,
  field: string,
  kind: string,
  path: string,
  failures: Failure[],
): void {
  if (!isSet(subject[field])) {
    failures.push(required(path, `${field} is required when subject kind is '${kind}'`));
    return;
  }
  const named = part(subject, field);
  const name = text(named, "name");
  if (name === "") failures.push(required(`${path}.name`));
  if (field !== "serviceAccount") return;
  if (name !== "" && name !== "*") checkText(dnsSubdomain, name, `${path}.name`, failures);
  const namespace = text(named, "namespace");
  if (namespace === "")
    failures.push(required(`${path}.namespace`, "must specify namespace for service account"));
  else checkText(dnsLabel, namespace, `${path}.namespace`, failures);
}

function checkResourceRule(rule: Fields, path: string, failures: Failure[]): void {
  checkVerbs(rule, path, failures);
  checkWildcardList(rule, "apiGroups", path, failures, {
    none: "resource rules must supply at least one api group",
    others: "api groups",
  });
  checkWildcardList(rule, "resources", path, failures, {
    none: "resource rules must supply at least one resource",
    others: "resources",
  });
  const namespaces = textsOf(rule, "namespaces");
  if (namespaces.length === 0) {
    if (rule["clusterScope"] !== true)
      failures.push(
        required(
          `${path}.namespaces`,
          "resource rules that are not cluster scoped must supply at least one namespace",
        ),
      );
  } else if (namespaces.includes("*"))
    checkWildcardList(rule, "namespaces", path, failures, { none: "", others: "namespaces" });
  else
    namespaces.forEach((namespace, index) => {
      for (const why of dnsLabel(namespace))
        failures.push(
          invalidValue(
            `${path}.namespaces[${index}]`,
            namespace,
            `each member of this list must be '*' or a DNS-1123 label; ${why}`,
          ),
        );
    });
}

function checkUrlRule(rule: Fields, path: string, failures: Failure[]): void {
  checkVerbs(rule, path, failures);
  checkWildcardList(rule, "nonResourceURLs", path, failures, {
    none: "nonResourceURLs must contain at least one value",
    others: "non-resource URLs",
  });
  const urls = textsOf(rule, "nonResourceURLs");
  if (urls.includes("*")) return;
  urls.forEach((url, index) => {
    const why = urlFailure(url);
    if (why !== null) failures.push(invalidValue(`${path}.nonResourceURLs[${index}]`, url, why));
  });
}

function urlFailure(url: string): string | null {
  if (url === "") return "must not be empty";
  if (url === "/") return null;
  if (!url.startsWith("/")) return "must start with slash";
  if (url.includes(" ")) return "must not contain white-space";
  if (url.includes("//")) return "must not contain double slash";
  const wildcards = url.split("*").length - 1;
  if (wildcards > 1 || (wildcards === 1 && !url.endsWith("/*")))
    return "wildcard can only do suffix matching";
  return null;
}

function checkVerbs(rule: Fields, path: string, failures: Failure[]): void {
  const verbs = textsOf(rule, "verbs");
  checkWildcardList(rule, "verbs", path, failures, {
    none: "verbs must contain at least one value",
    others: "verbs",
  });
  if (!verbs.includes("*") && verbs.some((verb) => !VERBS.includes(verb)))
    failures.push(unsupported(`${path}.verbs`, verbs, VERBS));
}

function checkWildcardList(
  rule: Fields,
  name: string,
  path: string,
  failures: Failure[],
  { none, others }: { readonly none: string; readonly others: string },
): void {
  const values = textsOf(rule, name);
  if (values.length === 0) failures.push(required(`${path}.${name}`, none));
  else if (values.length > 1 && values.includes("*"))
    failures.push(
      invalidValue(`${path}.${name}`, values, `if '*' is present, must not specify other ${others}`),
    );
}

function textsOf(owner: Fields, name: string): readonly string[] {
  return (owner[name] as readonly string[] | undefined | null) ?? [];
}

export function checkPriorityLevel(level: Fields, failures: Failure[]): void {
  const spec = part(level, "spec");
  const name = text(part(level, "metadata"), "name");
  const type = text(spec, "type");
  if ((name === "exempt") !== (type === "Exempt"))
    failures.push(invalidValue("spec.type", type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  if (type === "Exempt") {
    if (isSet(spec["limited"]))
      failures.push(forbiddenField("spec.limited", "must be nil if the type is not Limited"));
    checkShares(part(spec, "exempt"), "spec.exempt", failures);
  } else if (type === "Limited") checkLimited(spec, failures);
  else if (type === "") failures.push(required("spec.type"));
  else failures.push(unsupported("spec.type", type, ["Exempt", "Limited"]));
}

function checkShares(level: Fields, path: string, failures: Failure[]): void {
  const { nominalConcurrencyShares: shares, lendablePercent: lendable } = level;
  if (typeof shares === "number" && shares < 0)
    failures.push(invalidValue(`${path}.nominalConcurrencyShares`, shares, NOT_NEGATIVE_INTEGER));
  if (typeof lendable === "number" && (lendable < 0 || lendable > 100))
    failures.push(invalidValue(`${path}.lendablePercent`, lendable, PERCENT));
}

function checkLimited(spec: Fields, failures: Failure[]): void {
  if (isSet(spec["exempt"]))
    failures.push(forbiddenField("spec.exempt", "must be nil if the type is Limited"));
  if (!isSet(spec["limited"])) {
    failures.push(required("spec.limited", "must not be empty when type is Limited"));
    return;
  }
  const limited = part(spec, "limited");
  checkShares(limited, "spec.limited", failures);
  const { borrowingLimitPercent: borrowing } = limited;
  if (typeof borrowing === "number" && borrowing < 0)
    failures.push(
      invalidValue("spec.limited.borrowingLimitPercent", borrowing, `if specified, ${NOT_NEGATIVE_INTEGER}`),
    );
  checkLimitResponse(part(limited, "limitResponse"), "spec.limited.limitResponse", failures);
}

function checkLimitResponse(response: Fields, path: string, failures: Failure[]): void {
  const type = text(response, "type");
  const isQueuing = isSet(response["queuing"]);
  if (type === "Reject" && isQueuing)
    failures.push(
      forbiddenField(`${path}.queuing`, "must be nil if limited.limitResponse.type is not Limited"),
    );
  else if (type === "Queue" && !isQueuing)
    failures.push(required(`${path}.queuing`, "must not be empty if limited.limitResponse.type is Limited"));
  else if (type === "Queue") checkQueuing(part(response, "queuing"), `${path}.queuing`, failures);
  else if (type === "") failures.push(required(`${path}.type`));
  else if (type !== "Reject") failures.push(unsupported(`${path}.type`, type, ["Queue", "Reject"]));
}

function checkQueuing(queuing: Fields, path: string, failures: Failure[]): void {
  const number = (name: string) => (queuing[name] as number | undefined) ?? 0;
  const [length, queues, hand] = [number("queueLengthLimit"), number("queues"), number("handSize")];
  if (length <= 0) failures.push(invalidValue(`${path}.queueLengthLimit`, length, POSITIVE));
  if (queues <= 0) failures.push(invalidValue(`${path}.queues`, queues, POSITIVE));
  else if (queues > QUEUES_MAX)
    failures.push(invalidValue(`${path}.queues`, queues, `must not be greater than ${QUEUES_MAX}`));
  const handPath = `${path}.handSize`;
  if (hand <= 0) failures.push(invalidValue(handPath, hand, POSITIVE));
  else if (hand > queues)
    failures.push(invalidValue(handPath, hand, `should not be greater than queues (${queues})`));
  else if (entropyBits(queues, hand) > HASH_BITS_MAX)
    failures.push(
      invalidValue(
        handPath,
        hand,
        `required entropy bits of deckSize ${queues} and handSize ${hand} should not be greater than ${HASH_BITS_MAX}`,
      ),
    );
}

/** Bits of a hash that it takes to deal a hand. */
function entropyBits(deckSize: number, handSize: number): number {
  return Math.ceil(Math.log2(deckSize) * handSize);
}
