// What of a Pod may change.
// Source: pkg/apis/core/validation/validation.go (ValidatePodUpdate).
import type { KubeObject } from "../meta.js";
import { jsonEquals } from "../patch/json-tree.js";
import { EMPTY, type Fields, isSet, items, part, text } from "./checks.js";
import { type Failure, forbiddenField, invalidValue } from "./failure.js";
import { checkPodSpec } from "./pods.js";

const UPDATABLE = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
];

/** Of a Pod's spec only little may change. */
export function checkPodUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [specOf(next), specOf(current)];
  if (after === before) return;
  checkPodSpec(after, "spec", failures);
  if (checkContainerCounts(after, before, failures)) return;
  checkDeadline(after, before, failures);
  checkTolerationsKept(after, before, failures);
  checkGatesRemoved(after, before, failures);
  const munged = mungedSpec(after, before);
  if (!jsonEquals(munged, before))
    failures.push(
      forbiddenField(
        "spec",
        `pod updates may not change fields other than ${UPDATABLE.join(",")}\n${difference(before, munged)}`,
      ),
    );
}

function specOf(object: KubeObject): Fields {
  return (object as { spec?: Fields }).spec ?? EMPTY;
}

/** Whether there are more or fewer of them, after which nothing else can be compared. */
function checkContainerCounts(after: Fields, before: Fields, failures: Failure[]): boolean {
  const changed = ["containers", "initContainers"].filter(
    (name) => items(after, name).length !== items(before, name).length,
  );
  for (const name of changed)
    failures.push(forbiddenField(`spec.${name}`, "pod updates may not add or remove containers"));
  return changed.length > 0;
}

function checkDeadline(after: Fields, before: Fields, failures: Failure[]): void {
  const path = "spec.activeDeadlineSeconds";
  const [next, current] = [after["activeDeadlineSeconds"], before["activeDeadlineSeconds"]] as (
    | number
    | undefined
  )[];
  if (next === undefined && current !== undefined)
    failures.push(invalidValue(path, null, "must not update from a positive integer to nil value"));
  if (next !== undefined && current !== undefined && next > current)
    failures.push(invalidValue(path, next, "must be less than or equal to previous value"));
}

function checkTolerationsKept(after: Fields, before: Fields, failures: Failure[]): void {
  if (after["tolerations"] === before["tolerations"]) return;
  const unlimited = ({ tolerationSeconds: _seconds, ...rest }: Fields) => rest;
  const next = items(after, "tolerations").map(unlimited);
  for (const toleration of items(before, "tolerations"))
    if (!next.some((each) => jsonEquals(each, unlimited(toleration))))
      failures.push(
        forbiddenField(
          "spec.tolerations",
          "existing toleration can not be modified except its tolerationSeconds",
        ),
      );
}

function checkGatesRemoved(after: Fields, before: Fields, failures: Failure[]): void {
  const known = new Set(items(before, "schedulingGates").map((gate) => text(gate, "name")));
  items(after, "schedulingGates").forEach((gate, index) => {
    const name = text(gate, "name");
    if (!known.has(name))
      failures.push(
        forbiddenField(
          `spec.schedulingGates[${index}].name`,
          `only deletion is allowed, but found new scheduling gate '${name}'`,
        ),
      );
  });
}

/** The new spec with everything that may change as it was. */
function mungedSpec(after: Fields, before: Fields): Fields {
  const munged: Record<string, unknown> = { ...after };
  for (const name of ["containers", "initContainers"]) {
    if (!isSet(after[name])) continue;
    const old = items(before, name);
    munged[name] = items(after, name).map((container, index) => ({
      ...container,
      image: old[index]?.["image"],
    }));
  }
  for (const name of ["activeDeadlineSeconds", "schedulingGates", "tolerations"]) keep(munged, name, before);
  const grace = before["terminationGracePeriodSeconds"];
  if (typeof grace === "number" && grace < 0 && after["terminationGracePeriodSeconds"] === 1)
    keep(munged, "terminationGracePeriodSeconds", before);
  if (items(before, "schedulingGates").length > 0) keepPlacement(munged, before);
  return munged;
}

function keep(munged: Record<string, unknown>, name: string, before: Fields): void {
  if (before[name] === undefined) delete munged[name];
  else munged[name] = before[name];
}

/** A Pod that waits at gates may still be told where to go, more narrowly. */
function keepPlacement(munged: Record<string, unknown>, before: Fields): void {
  const [next, current] = [part(munged, "nodeSelector"), part(before, "nodeSelector")];
  if (Object.keys(current).every((key) => next[key] === current[key])) keep(munged, "nodeSelector", before);
  const { nodeAffinity: _next, ...rest } = part(munged, "affinity");
  const { nodeAffinity: _current, ...others } = part(before, "affinity");
  if (jsonEquals(rest, others)) keep(munged, "affinity", before);
}

/** The fields that differ, as they were and as they would be. */
function difference(before: Fields, after: Fields): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => !jsonEquals(before[name], after[name]),
  );
  const line = (sign: string, name: string, value: unknown) =>
    value === undefined ? [] : [`${sign}  ${JSON.stringify(name)}: ${JSON.stringify(value)},`];
  return [
    "@@ spec @@",
    ...names.flatMap((name) => [...line("-", name, before[name]), ...line("+", name, after[name])]),
  ].join("\n");
}
