// Nodes, priorities, leases, requests for certificates.
// Source: pkg/apis/{core,coordination,scheduling,certificates}/validation.
import { jsonEquals } from "../patch/json-tree.js";
import type { KubeObject } from "../meta.js";
import { checkRequiredChoice, checkUnique, type Fields, items, part, text } from "./checks.js";
import { type Failure, forbiddenField, IMMUTABLE, invalidValue, NOT_NEGATIVE, required } from "./failure.js";
import { checkText, dnsLabel, labelValue, qualifiedName } from "./names.js";

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function checkNode(node: Fields, failures: Failure[]): void {
  const seen = new Set<string>();
  items(part(node, "spec"), "taints").forEach((taint, index) => {
    const at = `metadata.taints[${index}]`;
    checkText(qualifiedName, text(taint, "key"), `${at}.key`, failures);
    checkText(labelValue, text(taint, "value"), `${at}.value`, failures);
    checkRequiredChoice(taint["effect"], EFFECTS, `${at}.effect`, failures);
    checkUnique(seen, `${taint["key"]}:${taint["effect"]}`, at, failures);
  });
}

export function checkNodeUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [
    part(next as unknown as Fields, "spec"),
    part(current as unknown as Fields, "spec"),
  ];
  const ranges = before["podCIDRs"] as readonly string[] | undefined;
  if (ranges !== undefined && ranges.length > 0 && !jsonEquals(after["podCIDRs"], ranges))
    failures.push(
      forbiddenField("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid'),
    );
  const provider = text(before, "providerID");
  if (provider !== "" && text(after, "providerID") !== provider)
    failures.push(
      forbiddenField("spec.providerID", 'node updates may not change providerID except from "" to valid'),
    );
}

const SYSTEM_PREFIX = "system-";
const SYSTEM_CLASSES: Readonly<Record<string, number>> = {
  "system-node-critical": 2_000_001_000,
  "system-cluster-critical": 2_000_000_000,
};
const USER_PRIORITY_MAX = 1_000_000_000;

export function checkPriorityClass(priorityClass: Fields, failures: Failure[]): void {
  const name = text(part(priorityClass, "metadata"), "name");
  const value = (priorityClass["value"] as number | undefined) ?? 0;
  if (name.startsWith(SYSTEM_PREFIX)) {
    if (SYSTEM_CLASSES[name] !== value)
      failures.push(
        forbiddenField(
          "metadata.name",
          `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${name} is not a known system priority class`,
        ),
      );
  } else if (value > USER_PRIORITY_MAX)
    failures.push(
      forbiddenField("value", `maximum allowed value of a user defined priority is ${USER_PRIORITY_MAX}`),
    );
  checkRequiredChoice(
    priorityClass["preemptionPolicy"],
    ["PreemptLowerPriority", "Never"],
    "preemptionPolicy",
    failures,
  );
}

export function checkPriorityClassUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [next as unknown as Fields, current as unknown as Fields];
  if (after["value"] !== before["value"])
    failures.push(forbiddenField("value", "may not be changed in an update."));
  if (after["preemptionPolicy"] !== before["preemptionPolicy"])
    failures.push(invalidValue("preemptionPolicy", after["preemptionPolicy"], IMMUTABLE));
}

export function checkRuntimeClass(runtimeClass: Fields, failures: Failure[]): void {
  const handler = text(runtimeClass, "handler");
  if (handler === "") failures.push(required("handler"));
  else checkText(dnsLabel, handler, "handler", failures);
}

export function checkLease(lease: Fields, failures: Failure[]): void {
  const { leaseDurationSeconds, leaseTransitions, preferredHolder, strategy } = part(lease, "spec");
  if (typeof leaseDurationSeconds === "number" && leaseDurationSeconds <= 0)
    failures.push(invalidValue("spec.leaseDurationSeconds", leaseDurationSeconds, "must be greater than 0"));
  if (typeof leaseTransitions === "number" && leaseTransitions < 0)
    failures.push(invalidValue("spec.leaseTransitions", leaseTransitions, NOT_NEGATIVE));
  if (preferredHolder && !strategy)
    failures.push(forbiddenField("spec.preferredHolder", "may only be specified if `strategy` is defined"));
}

const REQUEST = /-----BEGIN CERTIFICATE REQUEST-----[\s\S]+-----END CERTIFICATE REQUEST-----/;

export function checkCertificateRequest(request: Fields, failures: Failure[]): void {
  const spec = part(request, "spec");
  const encoded = text(spec, "request");
  if (!REQUEST.test(Buffer.from(encoded, "base64").toString("latin1")))
    failures.push(invalidValue("spec.request", encoded, "PEM block type must be CERTIFICATE REQUEST"));
  const usages = (spec["usages"] as readonly string[] | undefined) ?? [];
  if (usages.length === 0) failures.push(required("spec.usages"));
  const signer = text(spec, "signerName");
  if (signer === "") failures.push(required("spec.signerName"));
  else if (!/^[a-z0-9.-]+\/.+/.test(signer))
    failures.push(
      invalidValue(
        "spec.signerName",
        signer,
        "must be a fully qualified domain and path of the form 'example.com/signer-name'",
      ),
    );
  const seconds = spec["expirationSeconds"];
  if (typeof seconds === "number" && seconds < 600)
    failures.push(
      invalidValue(
        "spec.expirationSeconds",
        seconds,
        "may not specify a duration less than 600 seconds (10 minutes)",
      ),
    );
}
