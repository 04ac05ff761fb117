// Metadata of every kind: names as the kind wants them, labels, annotations, finalizers, owners.
// Source: apimachinery pkg/api/validation/objectmeta.go; ValidateObjectMeta's callers for the names.
import type { KubeObject, ObjectMeta } from "../meta.js";
import { checkLabels } from "./checks.js";
import { type Failure, forbiddenField, IMMUTABLE, invalidValue, required, tooLong } from "./failure.js";
import {
  checkText,
  dns1035Label,
  dnsLabel,
  dnsSubdomain,
  pathSegment,
  qualifiedName,
  type TextCheck,
} from "./names.js";

const ANNOTATIONS_BYTES_MAX = 256 * 1024;

/** Kinds whose names are no DNS subdomains. */
const NAME_CHECKS: Readonly<Record<string, TextCheck>> = {
  "/Namespace": dnsLabel,
  "/Service": dns1035Label,
  "/Event": pathSegment,
  "events.k8s.io/Event": pathSegment,
  "apps/StatefulSet": dnsLabel,
  "rbac.authorization.k8s.io/Role": pathSegment,
  "rbac.authorization.k8s.io/RoleBinding": pathSegment,
  "rbac.authorization.k8s.io/ClusterRole": pathSegment,
  "rbac.authorization.k8s.io/ClusterRoleBinding": pathSegment,
};

/** @param key "group/Kind" */
export function checkMetadata(key: string, metadata: ObjectMeta, failures: Failure[]): void {
  const { name, generateName } = metadata;
  const check = NAME_CHECKS[key] ?? dnsSubdomain;
  if (!name && !generateName) failures.push(required("metadata.name", "name or generateName is required"));
  else if (name) checkText(check, name, "metadata.name", failures);
  checkRest(metadata, failures);
}

function checkRest(metadata: ObjectMeta, failures: Failure[]): void {
  const { labels, annotations, finalizers, ownerReferences } = metadata;
  if (labels !== undefined) checkLabels(labels, "metadata.labels", failures);
  if (annotations !== undefined) checkAnnotations(annotations, "metadata.annotations", failures);
  if (finalizers !== undefined) checkFinalizers(finalizers, failures);
  if (ownerReferences !== undefined) checkOwners(ownerReferences, failures);
}

export function checkAnnotations(
  annotations: Readonly<Record<string, string>>,
  path: string,
  failures: Failure[],
): void {
  let bytes = 0;
  for (const key in annotations) {
    checkText(qualifiedName, key.toLowerCase(), path, failures);
    bytes += key.length + (annotations[key]?.length ?? 0);
  }
  if (bytes > ANNOTATIONS_BYTES_MAX) failures.push(tooLong(path, ANNOTATIONS_BYTES_MAX));
}

/** Finalizers of the API's own, without a domain. */
const PLAIN_FINALIZERS: ReadonlySet<string> = new Set(["orphan", "foregroundDeletion", "kubernetes"]);

function checkFinalizers(finalizers: readonly string[], failures: Failure[]): void {
  finalizers.forEach((finalizer, index) => {
    const path = `metadata.finalizers[${index}]`;
    checkText(qualifiedName, finalizer, "metadata.finalizers", failures);
    if (!finalizer.includes("/") && !PLAIN_FINALIZERS.has(finalizer))
      failures.push(
        invalidValue(path, finalizer, "name is neither a standard finalizer name nor is it fully qualified"),
      );
  });
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion"))
    failures.push(
      invalidValue(
        "metadata.finalizers",
        finalizers,
        "finalizer orphan and foregroundDeletion cannot be both set",
      ),
    );
}

function checkOwners(owners: NonNullable<ObjectMeta["ownerReferences"]>, failures: Failure[]): void {
  const path = "metadata.ownerReferences";
  let controller: string | null = null;
  for (const owner of owners) {
    const { apiVersion = "", kind, name, uid = "" } = owner;
    if (apiVersion === "")
      failures.push(invalidValue(`${path}.apiVersion`, apiVersion, "version must not be empty"));
    if (!kind) failures.push(invalidValue(`${path}.kind`, kind ?? "", "must not be empty"));
    if (!name) failures.push(invalidValue(`${path}.name`, name ?? "", "must not be empty"));
    if (uid === "") failures.push(invalidValue(`${path}.uid`, uid, "must not be empty"));
    if (owner.controller !== true) continue;
    if (controller !== null)
      failures.push(
        invalidValue(
          path,
          owners,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${kind}/${name}`,
        ),
      );
    else controller = `${kind}/${name}`;
  }
}

/** The server keeps names and uids itself; what is left is as for a new object. */
export function checkMetadataUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [next.metadata, current.metadata];
  if (after.name !== before.name) failures.push(invalidValue("metadata.name", after.name, IMMUTABLE));
  if (after.namespace !== before.namespace)
    failures.push(invalidValue("metadata.namespace", after.namespace, IMMUTABLE));
  if (before.uid !== undefined && after.uid !== before.uid)
    failures.push(invalidValue("metadata.uid", after.uid, IMMUTABLE));
  if (before.deletionTimestamp !== undefined && after.finalizers !== undefined) {
    const added = after.finalizers.filter((each) => !before.finalizers?.includes(each));
    if (added.length > 0)
      failures.push(
        forbiddenField(
          "metadata.finalizers",
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((each) => JSON.stringify(each)).join(", ")}}`,
        ),
      );
  }
  if (
    after.labels !== before.labels ||
    after.annotations !== before.annotations ||
    after.finalizers !== before.finalizers ||
    after.ownerReferences !== before.ownerReferences
  )
    checkRest(after, failures);
}
