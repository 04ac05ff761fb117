// Pods and Pod templates.
// Source: pkg/apis/core/validation/validation.go (ValidatePodSpec, ValidatePodUpdate).
import {
  checkLabels,
  checkQuantities,
  checkRequiredChoice,
  type Fields,
  items,
  part,
  text,
} from "./checks.js";
import { type Failure, invalidValue } from "./failure.js";
import { checkAnnotations } from "./metadata.js";
import { checkText, dnsLabel, dnsSubdomain, qualifiedName } from "./names.js";
import { checkContainers } from "./pod-containers.js";
import { checkPodNames } from "./pod-names.js";
import { checkPlacement } from "./pod-placement.js";
import { checkPodSecurity } from "./pod-security.js";
import { checkVolumes } from "./pod-volumes.js";

const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const DNS_POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
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
  checkContainers(spec, path, { volumes, usesHostUsers: spec["hostUsers"] !== false }, failures);
  checkRequiredChoice(spec["restartPolicy"], RESTART_POLICIES, `${path}.restartPolicy`, failures);
  checkRequiredChoice(spec["dnsPolicy"], DNS_POLICIES, `${path}.dnsPolicy`, failures);
  if (spec["nodeSelector"] !== undefined) checkLabels(spec["nodeSelector"], `${path}.nodeSelector`, failures);
  checkNames(spec, path, failures);
  const deadline = spec["activeDeadlineSeconds"];
  if (typeof deadline === "number" && (deadline < 1 || deadline > 2147483647))
    failures.push(invalidValue(`${path}.activeDeadlineSeconds`, deadline, INT32_RANGE));
  if (spec["overhead"] !== undefined) checkQuantities(part(spec, "overhead"), `${path}.overhead`, failures);
  checkPodNames(spec, path, failures);
  items(spec, "readinessGates").forEach((gate, index) => {
    const at = `${path}.readinessGates[${index}].conditionType`;
    checkText(qualifiedName, text(gate, "conditionType"), at, failures);
  });
  checkPlacement(spec, path, failures);
  checkPodSecurity(spec, path, failures);
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
}
