// Where a Pod may run: tolerations, affinity, spread, gates.
// Source: pkg/apis/core/validation/validation.go (ValidateTolerations, validateAffinity, ValidateNodeSelector,
// validateTopologySpreadConstraints, validateSchedulingGates).
import { checkChoice, checkSelector, checkUnique, type Fields, isSet, items, part, text } from "./checks.js";
import { duplicate, type Failure, forbiddenField, invalidValue, required, unsupported } from "./failure.js";
import { checkText, dnsLabel, dnsSubdomain, labelValue, qualifiedName } from "./names.js";

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
const ACTIONS = ["DoNotSchedule", "ScheduleAnyway"];
const INCLUSION_POLICIES = ["Honor", "Ignore"];
const REQUIRED_TERMS = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED_TERMS = "preferredDuringSchedulingIgnoredDuringExecution";

/** @param spec of a Pod */
export function checkPlacement(spec: Fields, path: string, failures: Failure[]): void {
  if (spec["tolerations"] !== undefined) checkTolerations(spec, `${path}.tolerations`, failures);
  if (spec["topologySpreadConstraints"] !== undefined)
    checkSpread(spec, `${path}.topologySpreadConstraints`, failures);
  if (spec["affinity"] !== undefined) checkAffinity(part(spec, "affinity"), `${path}.affinity`, failures);
  if (spec["schedulingGates"] !== undefined) checkGates(spec, `${path}.schedulingGates`, failures);
}

function checkTolerations(spec: Fields, path: string, failures: Failure[]): void {
  items(spec, "tolerations").forEach((toleration, index) => {
    const at = `${path}[${index}]`;
    const [key, operator, value] = [
      text(toleration, "key"),
      text(toleration, "operator"),
      text(toleration, "value"),
    ];
    if (key !== "") checkText(qualifiedName, key, `${at}.key`, failures);
    if (key === "" && operator !== "Exists")
      failures.push(
        invalidValue(
          `${at}.operator`,
          operator,
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    if (isSet(toleration["tolerationSeconds"]) && toleration["effect"] !== "NoExecute")
      failures.push(
        invalidValue(
          `${at}.effect`,
          toleration["effect"] ?? "",
          "effect must be 'NoExecute' when `tolerationSeconds` is set",
        ),
      );
    if (operator === "" || operator === "Equal") checkText(labelValue, value, `${at}.operator`, failures);
    else if (operator === "Exists") {
      if (value !== "")
        failures.push(
          invalidValue(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'"),
        );
    } else failures.push(unsupported(`${at}.operator`, operator, ["Equal", "Exists"]));
    if (text(toleration, "effect") !== "")
      checkChoice(toleration["effect"], EFFECTS, `${at}.effect`, failures);
  });
}

function checkSpread(spec: Fields, path: string, failures: Failure[]): void {
  const kinds = new Map<string, number>();
  const constraints = items(spec, "topologySpreadConstraints");
  const kindOf = ({ topologyKey, whenUnsatisfiable }: Fields) => `{${topologyKey}, ${whenUnsatisfiable}}`;
  for (const constraint of constraints)
    kinds.set(kindOf(constraint), (kinds.get(kindOf(constraint)) ?? 0) + 1);
  for (const [index, constraint] of constraints.entries()) {
    const at = `${path}[${index}]`;
    const { maxSkew, whenUnsatisfiable: action } = constraint;
    if (typeof maxSkew !== "number" || maxSkew <= 0)
      failures.push(invalidValue(`${at}.maxSkew`, maxSkew ?? 0, "must be greater than zero"));
    if (text(constraint, "topologyKey") === "")
      failures.push(required(`${at}.topologyKey`, "can not be empty"));
    if (!ACTIONS.includes(action as string))
      failures.push(unsupported(`${at}.whenUnsatisfiable`, action ?? "", ACTIONS));
    // The last of equal ones is not the one to blame.
    const left = (kinds.get(kindOf(constraint)) ?? 1) - 1;
    kinds.set(kindOf(constraint), left);
    if (left > 0) failures.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, kindOf(constraint)));
    checkDomains(constraint, at, failures);
    checkLabelKeys(constraint, at, failures);
    if (isSet(constraint["labelSelector"]))
      checkSelector(part(constraint, "labelSelector"), `${at}.labelSelector`, failures);
  }
}

function checkDomains(constraint: Fields, path: string, failures: Failure[]): void {
  const { minDomains, whenUnsatisfiable: action } = constraint;
  if (typeof minDomains === "number") {
    if (minDomains <= 0)
      failures.push(invalidValue(`${path}.minDomains`, minDomains, "must be greater than zero"));
    if (action !== "DoNotSchedule")
      failures.push(
        invalidValue(
          `${path}.minDomains`,
          minDomains,
          `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`,
        ),
      );
  }
  for (const name of ["nodeAffinityPolicy", "nodeTaintsPolicy"])
    checkChoice(constraint[name], INCLUSION_POLICIES, `${path}.${name}`, failures);
}

/** matchLabelKeys and mismatchLabelKeys: names of labels that the selector does not speak of itself. */
function checkLabelKeys(term: Fields, path: string, failures: Failure[]): void {
  const keysOf = (name: string) => (term[name] as readonly string[] | undefined) ?? [];
  const [matching, mismatching] = [keysOf("matchLabelKeys"), keysOf("mismatchLabelKeys")];
  for (const [name, keys] of [
    ["matchLabelKeys", matching],
    ["mismatchLabelKeys", mismatching],
  ] as const) {
    if (keys.length === 0) continue;
    if (isSet(term["labelSelector"]))
      for (const [index, key] of keys.entries())
        checkText(qualifiedName, key, `${path}.${name}[${index}]`, failures);
    else
      failures.push(forbiddenField(`${path}.${name}`, "must not be specified when labelSelector is not set"));
  }
  for (const [index, key] of matching.entries())
    if (mismatching.includes(key))
      failures.push(
        invalidValue(
          `${path}.matchLabelKeys[${index}]`,
          key,
          "exists in both matchLabelKeys and mismatchLabelKeys",
        ),
      );
}

function checkAffinity(affinity: Fields, path: string, failures: Failure[]): void {
  checkNodeAffinity(part(affinity, "nodeAffinity"), `${path}.nodeAffinity`, failures);
  for (const kind of ["podAffinity", "podAntiAffinity"]) {
    const rules = part(affinity, kind);
    for (const [index, term] of items(rules, REQUIRED_TERMS).entries())
      checkPodTerm(term, `${path}.${kind}.${REQUIRED_TERMS}[${index}]`, failures);
    for (const [index, weighted] of items(rules, PREFERRED_TERMS).entries()) {
      const at = `${path}.${kind}.${PREFERRED_TERMS}[${index}]`;
      checkWeight(weighted, at, failures);
      checkPodTerm(part(weighted, "podAffinityTerm"), `${at}.podAffinityTerm`, failures);
    }
  }
}

function checkPodTerm(term: Fields, path: string, failures: Failure[]): void {
  for (const name of ["labelSelector", "namespaceSelector"])
    if (isSet(term[name])) checkSelector(part(term, name), `${path}.${name}`, failures);
  for (const namespace of (term["namespaces"] as readonly string[] | undefined) ?? [])
    checkText(dnsLabel, namespace, `${path}.namespace`, failures);
  checkLabelKeys(term, path, failures);
  const key = text(term, "topologyKey");
  if (key === "") failures.push(required(`${path}.topologyKey`, "can not be empty"));
  checkText(qualifiedName, key, `${path}.topologyKey`, failures);
}

function checkNodeAffinity(node: Fields, path: string, failures: Failure[]): void {
  if (isSet(node[REQUIRED_TERMS]))
    checkNodeSelector(part(node, REQUIRED_TERMS), `${path}.${REQUIRED_TERMS}`, failures);
  for (const [index, weighted] of items(node, PREFERRED_TERMS).entries()) {
    const at = `${path}.${PREFERRED_TERMS}[${index}]`;
    checkWeight(weighted, at, failures);
    checkNodeTerm(part(weighted, "preference"), false, `${at}.preference`, failures);
  }
}

/** Of a Pod or a volume: at least one term. */
export function checkNodeSelector(selector: Fields, path: string, failures: Failure[]): void {
  const at = `${path}.nodeSelectorTerms`;
  const terms = items(selector, "nodeSelectorTerms");
  if (terms.length === 0) failures.push(required(at, "must have at least one node selector term"));
  for (const [index, term] of terms.entries()) checkNodeTerm(term, true, `${at}[${index}]`, failures);
}

/** @param checksValues whether values must be such as labels can have */
function checkNodeTerm(term: Fields, checksValues: boolean, path: string, failures: Failure[]): void {
  for (const [index, requirement] of items(term, "matchExpressions").entries())
    checkNodeExpression(requirement, checksValues, `${path}.matchExpressions[${index}]`, failures);
  for (const [index, requirement] of items(term, "matchFields").entries())
    checkNodeField(requirement, `${path}.matchFields[${index}]`, failures);
}

function checkNodeExpression(
  requirement: Fields,
  checksValues: boolean,
  path: string,
  failures: Failure[],
): void {
  const values = (requirement["values"] as readonly string[] | undefined) ?? [];
  const at = `${path}.values`;
  switch (requirement["operator"]) {
    case "In":
    case "NotIn":
      if (values.length === 0)
        failures.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0)
        failures.push(
          forbiddenField(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        );
      break;
    case "Gt":
    case "Lt":
      if (values.length !== 1)
        failures.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      break;
    default:
      failures.push(notAnOperator(requirement, path));
  }
  checkText(qualifiedName, text(requirement, "key"), `${path}.key`, failures);
  if (!checksValues) return;
  for (const [index, value] of values.entries()) checkText(labelValue, value, `${at}[${index}]`, failures);
}

function checkNodeField(requirement: Fields, path: string, failures: Failure[]): void {
  const values = (requirement["values"] as readonly string[] | undefined) ?? [];
  const operator = text(requirement, "operator");
  if (operator !== "In" && operator !== "NotIn") failures.push(notAnOperator(requirement, path));
  else if (values.length !== 1)
    failures.push(
      required(
        `${path}.values`,
        "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
      ),
    );
  const key = text(requirement, "key");
  if (key !== "metadata.name")
    failures.push(invalidValue(`${path}.key`, key, "not a valid field selector key"));
  else
    for (const [index, value] of values.entries())
      checkText(dnsSubdomain, value, `${path}.values[${index}]`, failures);
}

function notAnOperator(requirement: Fields, path: string): Failure {
  return invalidValue(`${path}.operator`, text(requirement, "operator"), "not a valid selector operator");
}

function checkWeight({ weight }: Fields, path: string, failures: Failure[]): void {
  if (typeof weight !== "number" || weight < 1 || weight > 100)
    failures.push(invalidValue(`${path}.weight`, weight ?? 0, "must be in the range 1-100"));
}

function checkGates(spec: Fields, path: string, failures: Failure[]): void {
  const names = new Set<string>();
  items(spec, "schedulingGates").forEach((gate, index) => {
    const name = text(gate, "name");
    checkText(qualifiedName, name, `${path}[${index}].name`, failures);
    checkUnique(names, name, `${path}[${index}].name`, failures);
  });
}
