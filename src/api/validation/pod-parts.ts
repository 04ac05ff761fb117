// What the subresources of a Pod may change: ephemeral containers are only added, sizes of containers only changed.
// Source: pkg/apis/core/validation/validation.go (ValidatePodEphemeralContainersUpdate, validateEphemeralContainers,
// ValidatePodResize).
import type { KubeObject } from "../meta.js";
import { jsonEquals } from "../patch/json-tree.js";
import { type QosSpec, qosClass } from "../qos-class.js";
import { checkUnique, type Fields, isSet, items, part, text } from "./checks.js";
import { type Failure, forbiddenField, invalidValue, notFoundValue } from "./failure.js";
import { checkContainer } from "./pod-containers.js";
import { checkVolumes } from "./pod-volumes.js";
import { checkPodSpec } from "./pods.js";

const EPHEMERAL = "spec.ephemeralContainers";
const NOT_EPHEMERAL = [
  "ports",
  "resources",
  "resizePolicy",
  "restartPolicy",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
];

export function checkEphemeralContainers(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [specOf(next), specOf(current)];
  const volumes = checkVolumes(after, "spec.volumes", []);
  const lasting = new Set([...items(after, "containers"), ...items(after, "initContainers")].map(nameOf));
  const names = new Set(lasting);
  items(after, "ephemeralContainers").forEach((container, index) => {
    const at = `${EPHEMERAL}[${index}]`;
    checkContainer(container, at, { volumes, usesHostUsers: after["hostUsers"] !== false }, failures);
    checkUnique(names, nameOf(container), `${at}.name`, failures);
    const target = text(container, "targetContainerName");
    if (target !== "" && !lasting.has(target))
      failures.push(notFoundValue(`${at}.targetContainerName`, target));
    checkEphemeralFields(container, at, failures);
  });
  checkEphemeralKept(items(after, "ephemeralContainers"), items(before, "ephemeralContainers"), failures);
}

function checkEphemeralFields(container: Fields, path: string, failures: Failure[]): void {
  for (const name of NOT_EPHEMERAL) {
    const value = container[name];
    if (isSet(value) && Object.keys(value as object).length > 0)
      failures.push(forbiddenField(`${path}.${name}`, "cannot be set for an Ephemeral Container"));
  }
}

/** A patch may bring them in another order. */
function checkEphemeralKept(after: readonly Fields[], before: readonly Fields[], failures: Failure[]): void {
  for (const old of before) {
    const name = JSON.stringify(nameOf(old));
    const kept = after.find((each) => nameOf(each) === nameOf(old));
    if (kept === undefined)
      failures.push(forbiddenField(EPHEMERAL, `existing ephemeral containers ${name} may not be removed\n`));
    else if (!jsonEquals(kept, old))
      failures.push(forbiddenField(EPHEMERAL, `existing ephemeral containers ${name} may not be changed\n`));
  }
}

export function checkResize(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [specOf(next), specOf(current)];
  checkPodSpec(after, "spec", failures);
  if (qosClass(after as QosSpec) !== qosClass(before as QosSpec)) {
    const shown = (next as { status?: Fields }).status?.["qosClass"];
    failures.push(invalidValue("spec", shown, "Pod QOS Class may not change as a result of resizing"));
  }
  for (const list of ["initContainers", "containers"]) {
    const [now, then] = [items(after, list), items(before, list)];
    if (now.length !== then.length || now.some((each, index) => nameOf(each) !== nameOf(then[index] ?? {}))) {
      const path = `spec.${list}`;
      failures.push(
        forbiddenField(path, `${list} may not be added, removed, renamed or reordered on resize`),
      );
      return;
    }
    now.forEach((container, index) => {
      checkResized(container, then[index] as Fields, `spec.${list}[${index}].resources`, failures);
    });
  }
  const fixed = (spec: Fields) =>
    ["initContainers", "containers"].map((list) => items(spec, list).map(unsized));
  if (!jsonEquals(fixed(after), fixed(before)))
    failures.push(forbiddenField("spec", "only cpu and memory resources are mutable"));
}

function checkResized(after: Fields, before: Fields, path: string, failures: Failure[]): void {
  for (const name of ["requests", "limits"]) {
    const now = part(part(after, "resources"), name);
    const isRemoved = Object.keys(part(part(before, "resources"), name)).some((each) => !isSet(now[each]));
    if (isRemoved) failures.push(forbiddenField(`${path}.${name}`, `resource ${name} cannot be removed`));
  }
}

/** A container without what a resize may change. */
function unsized(container: Fields): Fields {
  const { resizePolicy: _policy, ...rest } = container;
  const resources = part(container, "resources");
  const others = (name: string) => {
    const { cpu: _cpu, memory: _memory, ...kept } = part(resources, name);
    return kept;
  };
  return { ...rest, resources: { ...resources, requests: others("requests"), limits: others("limits") } };
}

function nameOf(container: Fields): string {
  return text(container, "name");
}

function specOf(object: KubeObject): Fields {
  return part(object as unknown as Fields, "spec");
}
