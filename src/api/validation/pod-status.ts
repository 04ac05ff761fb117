// What of a Pod's or a Node's status cannot be so: asked of writes to the subresource "status".
// Kubelets write statuses all the time: a list that did not change is not looked at.
// Source: pkg/apis/core/validation/validation.go (ValidatePodStatusUpdate, ValidateNodeUpdate).
import { canonicalIp, familyOf } from "../../base/ip.js";
import type { KubeObject } from "../meta.js";
import { checkQuantities, type Fields, isSet, items, part, text } from "./checks.js";
import { duplicate, type Failure, forbiddenField, IMMUTABLE, invalidValue } from "./failure.js";
import { checkText, dnsSubdomain, NOT_AN_ADDRESS, qualifiedName } from "./names.js";

const SYSTEM_CONDITIONS = ["PodScheduled", "Ready", "Initialized"];
const ONE_OF_EACH = "may specify no more than one IP for each IP family";

export function checkPodStatus(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [statusOf(next), statusOf(current)];
  if (after["conditions"] !== before["conditions"]) checkConditions(after, failures);
  checkNomination(after, before, specOf(current), failures);
  // Who says nothing means no other.
  if (isSet(after["qosClass"]) && isSet(before["qosClass"]) && after["qosClass"] !== before["qosClass"])
    failures.push(invalidValue("status.qosClass", after["qosClass"], IMMUTABLE));
  for (const [statuses, containers] of [
    ["containerStatuses", "containers"],
    ["initContainerStatuses", "initContainers"],
  ] as const)
    if (after[statuses] !== before[statuses])
      checkTransitions(items(after, statuses), items(before, statuses), {
        path: `status.${statuses}`,
        spec: specOf(current),
        containers,
        failures,
      });
  if (after["podIPs"] !== before["podIPs"]) checkAddresses(after, before, "podIPs", failures);
  if (after["hostIPs"] !== before["hostIPs"]) checkHostAddresses(after, before, failures);
}

function statusOf(object: KubeObject): Fields {
  return part(object as unknown as Fields, "status");
}

function specOf(object: KubeObject): Fields {
  return part(object as unknown as Fields, "spec");
}

function checkConditions(status: Fields, failures: Failure[]): void {
  for (const [index, condition] of items(status, "conditions").entries()) {
    const type = text(condition, "type");
    if (!SYSTEM_CONDITIONS.includes(type))
      checkText(qualifiedName, type, `status.conditions[${index}].Type`, failures);
  }
}

function checkNomination(after: Fields, before: Fields, spec: Fields, failures: Failure[]): void {
  const node = text(after, "nominatedNodeName");
  if (node === "" || node === text(before, "nominatedNodeName")) return;
  checkText(dnsSubdomain, node, "status.nominatedNodeName", failures);
  if (text(spec, "nodeName") !== "")
    failures.push(
      forbiddenField("status.nominatedNodeName", "may not be set on pods that are already bound to a node"),
    );
}

interface Transition {
  readonly path: string;
  readonly spec: Fields;
  readonly containers: "containers" | "initContainers";
  readonly failures: Failure[];
}

/** A container that has ended, and is not to run again, stays ended. */
function checkTransitions(
  after: readonly Fields[],
  before: readonly Fields[],
  { path, spec, containers, failures }: Transition,
): void {
  for (const [index, old] of before.entries()) {
    const ended = part(old, "state")["terminated"] as Fields | undefined;
    if (!isSet(ended)) continue;
    const name = text(old, "name");
    const now = after.find((status) => text(status, "name") === name);
    if (now === undefined || isSet(part(now, "state")["terminated"])) continue;
    const container = items(spec, containers).find((each) => text(each, "name") === name);
    const exitCode = (ended?.["exitCode"] as number | undefined) ?? 0;
    if (container === undefined || !mayRestart(container, spec, exitCode))
      failures.push(
        forbiddenField(`${path}[${index}].state`, "may not be transitioned to non-terminated state"),
      );
  }
}

function mayRestart(container: Fields, spec: Fields, exitCode: number): boolean {
  for (const rule of items(container, "restartPolicyRules")) {
    const { operator, values } = part(rule, "exitCodes");
    const isIn = ((values as readonly number[] | undefined) ?? []).includes(exitCode);
    if (isIn === (operator === "In")) return true;
  }
  const policy = text(container, "restartPolicy") || text(spec, "restartPolicy");
  return policy === "Always" || (policy === "OnFailure" && exitCode !== 0);
}

/** Those that were there before are taken as they are. */
function checkAddresses(
  after: Fields,
  before: Fields,
  field: "podIPs" | "hostIPs",
  failures: Failure[],
): void {
  const [now, then] = [after, before].map((status) => items(status, field).map(({ ip }) => String(ip)));
  const addresses = now ?? [];
  for (const [index, address] of addresses.entries())
    if (then?.includes(address) !== true && canonicalIp(address) === null)
      failures.push(invalidValue(`status.${field}[${index}]`, address, NOT_AN_ADDRESS));
  if (addresses.length <= 1) return;
  const families = new Set(addresses.map((address) => familyOf(address)));
  if (families.size !== 2 || addresses.length > 2)
    failures.push(invalidValue(`status.${field}`, after[field], ONE_OF_EACH));
}

function checkHostAddresses(after: Fields, before: Fields, failures: Failure[]): void {
  const [first] = items(after, "hostIPs");
  if (first === undefined) return;
  if (first["ip"] !== after["hostIP"])
    failures.push(invalidValue("status.hostIPs[0].ip", first["ip"], "must be equal to `hostIP`"));
  checkAddresses(after, before, "hostIPs", failures);
}

export function checkNodeStatus(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [statusOf(next), statusOf(current)];
  for (const name of ["capacity", "allocatable"])
    if (after[name] !== before[name]) checkQuantities(part(after, name), `status.${name}`, failures);
  if (after["addresses"] === before["addresses"]) return;
  const seen = new Set<string>();
  for (const [index, address] of items(after, "addresses").entries()) {
    const key = `${address["type"]} ${address["address"]}`;
    if (seen.has(key)) failures.push(duplicate(`status.addresses[${index}]`, address));
    seen.add(key);
  }
}
