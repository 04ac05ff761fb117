// Kinds that make Pods.
// Source: pkg/apis/apps/validation/validation.go, pkg/apis/core/validation/validation.go (ReplicationController).
import { jsonEquals } from "../patch/json-tree.js";
import type { KubeObject } from "../meta.js";
import {
  checkChoice,
  checkCountOrPercent,
  checkNotAbove100Percent,
  checkNotNegative,
  checkSelector,
  countOrPercentValue,
  type Fields,
  isEmptySelector,
  isSet,
  items,
  part,
  selects,
  text,
} from "./checks.js";
import { type Failure, forbiddenField, IMMUTABLE, invalidValue, required, unsupported } from "./failure.js";
import { checkText, dnsLabel } from "./names.js";
import { checkPodTemplate } from "./pods.js";
import { checkClaimSpec } from "./storage.js";

const MISMATCH = "`selector` does not match template `labels`";

/** What all of them have: a selector that selects the template, whose Pods run on and on. */
function checkTemplateOwner(spec: Fields, kind: string, failures: Failure[]): void {
  const template = part(spec, "template");
  if (!isSet(spec["selector"])) failures.push(required("spec.selector"));
  else {
    const selector = part(spec, "selector");
    checkSelector(selector, "spec.selector", failures);
    if (isEmptySelector(selector))
      failures.push(
        invalidValue("spec.selector", selector, `empty selector is invalid for ${kind.toLowerCase()}`),
      );
    checkSelected(selector, template, failures);
  }
  checkPodTemplate(template, "spec.template", failures);
  checkAlways(template, kind, failures);
}

function checkSelected(selector: Fields, template: Fields, failures: Failure[]): void {
  const labels = part(template, "metadata")["labels"];
  if (!isEmptySelector(selector) && !selects(selector, labels))
    failures.push(invalidValue("spec.template.metadata.labels", labels ?? null, MISMATCH));
}

function checkAlways(template: Fields, kind: string, failures: Failure[]): void {
  const spec = part(template, "spec");
  if (spec["restartPolicy"] !== "Always")
    failures.push(unsupported("spec.template.spec.restartPolicy", spec["restartPolicy"] ?? "", ["Always"]));
  if (isSet(spec["activeDeadlineSeconds"]))
    failures.push(
      forbiddenField(
        "spec.template.spec.activeDeadlineSeconds",
        `activeDeadlineSeconds in ${kind} is not Supported`,
      ),
    );
}

export function checkDeployment(deployment: Fields, failures: Failure[]): void {
  const spec = part(deployment, "spec");
  checkNotNegative(spec, ["replicas"], "spec", failures);
  // A Deployment's Pods are its ReplicaSets'.
  checkTemplateOwner(spec, "Deployment", failures);
  checkDeploymentStrategy(part(spec, "strategy"), "spec.strategy", failures);
  checkNotNegative(
    spec,
    ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"],
    "spec",
    failures,
  );
  const deadline = spec["progressDeadlineSeconds"];
  if (typeof deadline === "number" && deadline <= ((spec["minReadySeconds"] as number | undefined) ?? 0))
    failures.push(
      invalidValue("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"),
    );
}

function checkDeploymentStrategy(strategy: Fields, path: string, failures: Failure[]): void {
  const rolling = part(strategy, "rollingUpdate");
  switch (strategy["type"]) {
    case "Recreate":
      if (isSet(strategy["rollingUpdate"]))
        failures.push(
          forbiddenField(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'"),
        );
      return;
    case "RollingUpdate":
      if (isSet(strategy["rollingUpdate"])) checkRolling(rolling, `${path}.rollingUpdate`, failures);
      else failures.push(required(`${path}.rollingUpdate`, "this should be defaulted and never be nil"));
      return;
    default:
      failures.push(unsupported(path, strategy, ["Recreate", "RollingUpdate"]));
  }
}

function checkRolling(rolling: Fields, path: string, failures: Failure[]): void {
  const { maxUnavailable, maxSurge } = rolling;
  checkCountOrPercent(maxUnavailable, `${path}.maxUnavailable`, failures);
  checkCountOrPercent(maxSurge, `${path}.maxSurge`, failures);
  if (countOrPercentValue(maxUnavailable) === 0 && countOrPercentValue(maxSurge) === 0)
    failures.push(
      invalidValue(`${path}.maxUnavailable`, maxUnavailable ?? 0, "may not be 0 when `maxSurge` is 0"),
    );
  checkNotAbove100Percent(maxUnavailable, `${path}.maxUnavailable`, failures);
}

export function checkReplicaSet(set: Fields, failures: Failure[]): void {
  const spec = part(set, "spec");
  checkNotNegative(spec, ["replicas", "minReadySeconds"], "spec", failures);
  checkTemplateOwner(spec, "ReplicaSet", failures);
}

export function checkReplicationController(controller: Fields, failures: Failure[]): void {
  const spec = part(controller, "spec");
  checkNotNegative(spec, ["minReadySeconds", "replicas"], "spec", failures);
  const selector = part(spec, "selector");
  if (Object.keys(selector).length === 0) failures.push(required("spec.selector"));
  if (!isSet(spec["template"])) {
    failures.push(required("spec.template"));
    return;
  }
  const template = part(spec, "template");
  checkSelected({ matchLabels: selector }, template, failures);
  checkPodTemplate(template, "spec.template", failures);
  checkAlways(template, "ReplicationController", failures);
}

export function checkDaemonSet(set: Fields, failures: Failure[]): void {
  const spec = part(set, "spec");
  checkTemplateOwner(spec, "DaemonSet", failures);
  checkNotNegative(spec, ["minReadySeconds", "revisionHistoryLimit"], "spec", failures);
  const strategy = part(spec, "updateStrategy");
  const path = "spec.updateStrategy";
  if (strategy["type"] === "RollingUpdate")
    checkDaemonRolling(part(strategy, "rollingUpdate"), `${path}.rollingUpdate`, failures);
  else if (strategy["type"] !== "OnDelete")
    failures.push(unsupported(`${path}.type`, strategy["type"] ?? "", ["RollingUpdate", "OnDelete"]));
}

function checkDaemonRolling(rolling: Fields, path: string, failures: Failure[]): void {
  const { maxUnavailable, maxSurge } = rolling;
  checkCountOrPercent(maxUnavailable, `${path}.maxUnavailable`, failures);
  checkNotAbove100Percent(maxUnavailable, `${path}.maxUnavailable`, failures);
  checkCountOrPercent(maxSurge, `${path}.maxSurge`, failures);
  checkNotAbove100Percent(maxSurge, `${path}.maxSurge`, failures);
  const [down, up] = [countOrPercentValue(maxUnavailable), countOrPercentValue(maxSurge)];
  if (down > 0 && up > 0)
    failures.push(
      invalidValue(`${path}.maxSurge`, maxSurge, "may not be set when maxUnavailable is non-zero"),
    );
  if (down === 0 && up === 0)
    failures.push(required(`${path}.maxUnavailable`, "cannot be 0 when maxSurge is 0"));
}

const POD_MANAGEMENT = ["OrderedReady", "Parallel"];

export function checkStatefulSet(set: Fields, failures: Failure[]): void {
  const spec = part(set, "spec");
  const policy = text(spec, "podManagementPolicy");
  if (policy === "") failures.push(required("spec.podManagementPolicy"));
  else if (!POD_MANAGEMENT.includes(policy))
    failures.push(invalidValue("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'"));
  checkStatefulStrategy(part(spec, "updateStrategy"), failures);
  checkNotNegative(spec, ["replicas", "minReadySeconds"], "spec", failures);
  const service = text(spec, "serviceName");
  if (service !== "") checkText(dnsLabel, service, "spec.serviceName", failures);
  items(spec, "volumeClaimTemplates").forEach((claim, index) => {
    checkClaimSpec(part(claim, "spec"), `spec.volumeClaimTemplates[${index}].spec`, failures);
  });
  const retention = part(spec, "persistentVolumeClaimRetentionPolicy");
  for (const name of ["whenDeleted", "whenScaled"])
    checkChoice(
      retention[name],
      ["Retain", "Delete"],
      `spec.persistentVolumeClaimRetentionPolicy.${name}`,
      failures,
    );
  checkNotNegative(part(spec, "ordinals"), ["start"], "spec.ordinals", failures);
  checkTemplateOwner(withClaimVolumes(spec), "StatefulSet", failures);
}

function checkStatefulStrategy(strategy: Fields, failures: Failure[]): void {
  const path = "spec.updateStrategy";
  const rolling = part(strategy, "rollingUpdate");
  switch (strategy["type"]) {
    case "OnDelete":
      if (isSet(strategy["rollingUpdate"]))
        failures.push(
          invalidValue(`${path}.rollingUpdate`, rolling, "only allowed for updateStrategy 'RollingUpdate'"),
        );
      return;
    case "RollingUpdate":
      checkNotNegative(rolling, ["partition"], `${path}.rollingUpdate`, failures);
      return;
    case undefined:
    case "":
      failures.push(required(path));
      return;
    default:
      failures.push(invalidValue(path, strategy, "must be 'RollingUpdate' or 'OnDelete'"));
  }
}

/** The Pods will have a volume for each claim. */
function withClaimVolumes(spec: Fields): Fields {
  const claims = items(spec, "volumeClaimTemplates").map((claim) => text(part(claim, "metadata"), "name"));
  if (claims.length === 0) return spec;
  const template = part(spec, "template");
  const podSpec = part(template, "spec");
  const own = items(podSpec, "volumes").filter((volume) => !claims.includes(text(volume, "name")));
  const volumes = [...claims.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })), ...own];
  return { ...spec, template: { ...template, spec: { ...podSpec, volumes } } };
}

/** Selectors cannot change: what they selected would be nobody's. */
export function checkSelectorKept(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [selectorOf(next), selectorOf(current)];
  if (after !== before && !jsonEquals(after, before))
    failures.push(invalidValue("spec.selector", after, IMMUTABLE));
}

function selectorOf(object: KubeObject): unknown {
  return part(object as unknown as Fields, "spec")["selector"];
}

const STATEFUL_UPDATABLE = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
];

export function checkStatefulSetUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const rest = (object: KubeObject) =>
    Object.fromEntries(
      Object.entries(part(object as unknown as Fields, "spec")).filter(
        ([name]) => !STATEFUL_UPDATABLE.includes(name),
      ),
    );
  if (!jsonEquals(rest(next), rest(current)))
    failures.push(
      forbiddenField(
        "spec",
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      ),
    );
}
