// Pods and Pod templates.
// Source: pkg/apis/core/validation/validation.go (ValidatePodSpec, ValidatePodUpdate).
import {
  checkChoice,
  checkLabels,
  checkNotNegative,
  checkQuantities,
  checkRequiredChoice,
  checkSelector,
  checkUnique,
  type Fields,
  isSet,
  items,
  part,
  text,
} from "./checks.js";
import { type Failure, forbiddenField, invalidValue, required, unsupported } from "./failure.js";
import { checkAnnotations } from "./metadata.js";
import { checkText, dnsLabel, dnsSubdomain, labelValue, qualifiedName } from "./names.js";
import { checkContainers, checkDescending } from "./pod-containers.js";

const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const DNS_POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
const INT32_RANGE = "must be between 1 and 2147483647, inclusive";

export function checkPod(pod: Fields, failures: Failure[]): void {
  checkPodSpec(part(pod, "spec"), "spec", failures);
}

export function checkPodTemplate(template: Fields, path: string, failures: Failure[]): void {
  const metadata = part(template, "metadata");
  checkLabels(metadata["labels"], `${path}.labels`, failures);
  const annotations = metadata["annotations"] as Record<string, string> | undefined;
  if (annotations) checkAnnotations(annotations, `${path}.annotations`, failures);
  checkPodSpec(part(template, "spec"), `${path}.spec`, failures);
}

export function checkPodSpec(spec: Fields, path: string, failures: Failure[]): void {
  const volumes = checkVolumes(spec, `${path}.volumes`, failures);
  checkContainers(spec, path, { volumes }, failures);
  checkRequiredChoice(spec["restartPolicy"], RESTART_POLICIES, `${path}.restartPolicy`, failures);
  checkRequiredChoice(spec["dnsPolicy"], DNS_POLICIES, `${path}.dnsPolicy`, failures);
  if (spec["nodeSelector"] !== undefined) checkLabels(spec["nodeSelector"], `${path}.nodeSelector`, failures);
  checkNames(spec, path, failures);
  const deadline = spec["activeDeadlineSeconds"];
  if (typeof deadline === "number" && (deadline < 1 || deadline > 2147483647))
    failures.push(invalidValue(`${path}.activeDeadlineSeconds`, deadline, INT32_RANGE));
  checkNotNegative(spec, ["terminationGracePeriodSeconds"], path, failures);
  if (spec["tolerations"] !== undefined) checkTolerations(spec, `${path}.tolerations`, failures);
  if (spec["overhead"] !== undefined) checkQuantities(part(spec, "overhead"), `${path}.overhead`, failures);
  if (spec["topologySpreadConstraints"] !== undefined)
    checkSpread(spec, `${path}.topologySpreadConstraints`, failures);
  if (spec["affinity"] !== undefined) checkAffinity(part(spec, "affinity"), `${path}.affinity`, failures);
  if (spec["schedulingGates"] !== undefined) checkGates(spec, `${path}.schedulingGates`, failures);
}

function checkNames(spec: Fields, path: string, failures: Failure[]): void {
  const optional = (name: string, check: typeof dnsLabel) => {
    const value = text(spec, name);
    if (value !== "") checkText(check, value, `${path}.${name}`, failures);
  };
  optional("hostname", dnsLabel);
  optional("subdomain", dnsLabel);
  optional("serviceAccountName", dnsSubdomain);
  optional("nodeName", dnsSubdomain);
  optional("priorityClassName", dnsSubdomain);
  optional("runtimeClassName", dnsSubdomain);
  if (isSet(spec["schedulerName"]) && text(spec, "schedulerName") !== "default-scheduler")
    checkText(dnsSubdomain, text(spec, "schedulerName"), `${path}.schedulerName`, failures);
}

const NAMED_SOURCES: Readonly<Record<string, string>> = {
  secret: "secretName",
  persistentVolumeClaim: "claimName",
  hostPath: "path",
  configMap: "name",
};
const NO_NAMES: ReadonlySet<string> = new Set();

/** @returns the names of the volumes that are there */
function checkVolumes(spec: Fields, path: string, failures: Failure[]): ReadonlySet<string> {
  const volumes = items(spec, "volumes");
  if (volumes.length === 0) return NO_NAMES;
  const names = new Set<string>();
  for (let index = 0; index < volumes.length; index++) {
    const volume = volumes[index] as Fields;
    const at = `${path}[${index}]`;
    const name = text(volume, "name");
    if (name === "") failures.push(required(`${at}.name`));
    else {
      checkText(dnsLabel, name, `${at}.name`, failures);
      checkUnique(names, name, `${at}.name`, failures);
    }
    checkSources(volume, at, failures);
  }
  return names;
}

function checkSources(volume: Fields, path: string, failures: Failure[]): void {
  let source: string | null = null;
  for (const name in volume) {
    if (name === "name" || !isSet(volume[name])) continue;
    if (source === null) source = name;
    else failures.push(forbiddenField(`${path}.${name}`, "may not specify more than 1 volume type"));
  }
  if (source === null) {
    failures.push(required(path, "must specify a volume type"));
    return;
  }
  const content = part(volume, source);
  const field = NAMED_SOURCES[source];
  if (field !== undefined && text(content, field) === "")
    failures.push(required(`${path}.${source}.${field}`));
  const mode = content["defaultMode"];
  if (typeof mode === "number" && (mode < 0 || mode > 0o777))
    failures.push(
      invalidValue(
        `${path}.${source}.defaultMode`,
        mode,
        "must be a number between 0 and 0777 (octal), both inclusive",
      ),
    );
  const keys = items(content, "items");
  for (let index = 0; index < keys.length; index++) {
    const item = keys[index] as Fields;
    const at = `${path}.${source}.items[${index}]`;
    if (source !== "downwardAPI" && text(item, "key") === "") failures.push(required(`${at}.key`));
    if (text(item, "path") === "") failures.push(required(`${at}.path`));
    checkDescending(text(item, "path"), `${at}.path`, failures);
  }
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
  items(spec, "topologySpreadConstraints").forEach((constraint, index) => {
    const at = `${path}[${index}]`;
    const skew = constraint["maxSkew"];
    if (typeof skew !== "number" || skew <= 0)
      failures.push(invalidValue(`${at}.maxSkew`, skew ?? 0, "must be greater than zero"));
    if (text(constraint, "topologyKey") === "")
      failures.push(required(`${at}.topologyKey`, "can not be empty"));
    const action = constraint["whenUnsatisfiable"];
    if (action !== "DoNotSchedule" && action !== "ScheduleAnyway")
      failures.push(
        unsupported(`${at}.whenUnsatisfiable`, action ?? "", ["DoNotSchedule", "ScheduleAnyway"]),
      );
    if (isSet(constraint["labelSelector"]))
      checkSelector(part(constraint, "labelSelector"), `${at}.labelSelector`, failures);
  });
}

const REQUIRED_TERMS = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED_TERMS = "preferredDuringSchedulingIgnoredDuringExecution";

function checkAffinity(affinity: Fields, path: string, failures: Failure[]): void {
  const node = part(affinity, "nodeAffinity");
  if (isSet(node[REQUIRED_TERMS]) && items(part(node, REQUIRED_TERMS), "nodeSelectorTerms").length === 0)
    failures.push(
      required(
        `${path}.nodeAffinity.${REQUIRED_TERMS}.nodeSelectorTerms`,
        "must have at least one node selector term",
      ),
    );
  for (const kind of ["podAffinity", "podAntiAffinity"]) {
    const rules = part(affinity, kind);
    items(rules, REQUIRED_TERMS).forEach((term, index) => {
      checkTerm(term, `${path}.${kind}.${REQUIRED_TERMS}[${index}]`, failures);
    });
    items(rules, PREFERRED_TERMS).forEach((weighted, index) => {
      const at = `${path}.${kind}.${PREFERRED_TERMS}[${index}]`;
      checkWeight(weighted, at, failures);
      checkTerm(part(weighted, "podAffinityTerm"), `${at}.podAffinityTerm`, failures);
    });
  }
  items(node, PREFERRED_TERMS).forEach((weighted, index) => {
    checkWeight(weighted, `${path}.nodeAffinity.${PREFERRED_TERMS}[${index}]`, failures);
  });
}

function checkTerm(term: Fields, path: string, failures: Failure[]): void {
  if (text(term, "topologyKey") === "") failures.push(required(`${path}.topologyKey`, "can not be empty"));
  if (isSet(term["labelSelector"]))
    checkSelector(part(term, "labelSelector"), `${path}.labelSelector`, failures);
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
