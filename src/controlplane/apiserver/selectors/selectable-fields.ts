// By which fields each kind can be selected, beside metadata.name and metadata.namespace.
// Source: pkg/apis/core/v1/conversion.go and pkg/registry/*/*/strategy.go (SelectableFields).
import type { KubeObject } from "../../../api/meta.js";

export type FieldReader = (object: KubeObject) => string;

/** Resource -> fields, read where their name says unless another place is given. */
const SELECTABLE: Readonly<
  Record<string, readonly (string | readonly [name: string, ...paths: string[]])[]>
> = {
  "/pods": [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    ["spec.hostNetwork", "spec.hostNetwork", "=false"],
    "status.phase",
    "status.podIP",
    ["status.podIPs", "status.podIP"],
    "status.nominatedNodeName",
  ],
  "/nodes": [["spec.unschedulable", "spec.unschedulable", "=false"]],
  "/namespaces": ["status.phase"],
  "/secrets": ["type"],
  "/services": ["spec.clusterIP", "spec.type"],
  "/replicationcontrollers": [["status.replicas", "status.replicas", "=0"]],
  "/events": [
    ["involvedObject.kind", "involvedObject.kind", "regarding.kind"],
    ["involvedObject.namespace", "involvedObject.namespace", "regarding.namespace"],
    ["involvedObject.name", "involvedObject.name", "regarding.name"],
    ["involvedObject.uid", "involvedObject.uid", "regarding.uid"],
    ["involvedObject.apiVersion", "involvedObject.apiVersion", "regarding.apiVersion"],
    ["involvedObject.resourceVersion", "involvedObject.resourceVersion", "regarding.resourceVersion"],
    ["involvedObject.fieldPath", "involvedObject.fieldPath", "regarding.fieldPath"],
    "reason",
    ["reportingComponent", "reportingComponent", "reportingController"],
    ["source", "source.component", "deprecatedSource.component", "reportingController", "reportingComponent"],
    "type",
  ],
  "events.k8s.io/events": [
    ["regarding.kind", "regarding.kind", "involvedObject.kind"],
    ["regarding.namespace", "regarding.namespace", "involvedObject.namespace"],
    ["regarding.name", "regarding.name", "involvedObject.name"],
    ["regarding.uid", "regarding.uid", "involvedObject.uid"],
    ["regarding.apiVersion", "regarding.apiVersion", "involvedObject.apiVersion"],
    ["regarding.resourceVersion", "regarding.resourceVersion", "involvedObject.resourceVersion"],
    ["regarding.fieldPath", "regarding.fieldPath", "involvedObject.fieldPath"],
    "reason",
    ["reportingController", "reportingController", "reportingComponent"],
    "type",
  ],
  "apps/replicasets": [["status.replicas", "status.replicas", "=0"]],
  "batch/jobs": [["status.successful", "status.succeeded", "=0"]],
  "certificates.k8s.io/certificatesigningrequests": ["spec.signerName"],
};

export const FIELD_READERS: ReadonlyMap<string, ReadonlyMap<string, FieldReader>> = new Map(
  Object.entries(SELECTABLE).map(([resource, fields]) => [
    resource,
    new Map(
      fields.map((field) => {
        const [name, ...paths] = typeof field === "string" ? [field, field] : field;
        return [name, readerOf(paths)];
      }),
    ),
  ]),
);

/** The first path that leads to something; "=x" is what it is when none does. */
function readerOf(paths: readonly string[]): FieldReader {
  const absent = paths.find((path) => path.startsWith("="))?.slice(1) ?? "";
  const steps = paths.filter((path) => !path.startsWith("=")).map((path) => path.split("."));
  return (object) => {
    for (const path of steps) {
      const value = valueAt(object, path);
      if (value !== undefined && value !== null && value !== "") return String(value);
    }
    return absent;
  };
}

function valueAt(object: unknown, path: readonly string[]): unknown {
  let value = object;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}
