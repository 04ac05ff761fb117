// What kubelets may not do, although their roles would let them.
// Source: plugin/pkg/admission/noderestriction.
import type { Taint } from "kubernetes-types/core/v1.js";
import type { KubeObject } from "../../../api/meta.js";
import type { AdmissionRequest } from "../access.js";
import { type AdmissionPlugin, refused } from "./admission-plugin.js";
import { isMirror, type PodObject, podOf } from "./pod-parts.js";

const NODE_USER = "system:node:";
const NODES_GROUP = "system:nodes";
const RESTRICTED_LABELS = "node-restriction.kubernetes.io";

type Node = KubeObject & { readonly spec?: { readonly taints?: readonly Taint[] } & Record<string, unknown> };

/** Null: the user is no node. "" is a node without a name. */
function nodeNameOf({ username, groups }: AdmissionRequest["user"]): string | null {
  if (!groups.includes(NODES_GROUP) || !username.startsWith(NODE_USER)) return null;
  return username.slice(NODE_USER.length);
}

/** Kubelets change their own node and the Pods on it, no others. */
export const nodeRestriction: AdmissionPlugin = {
  name: "NodeRestriction",
  operations: ["CREATE", "UPDATE", "DELETE"],
  resources: ["pods", "nodes", "leases.coordination.k8s.io", "csinodes.storage.k8s.io"],
  subresources: ["status", "eviction"],
  mutate(request) {
    const node = nodeNameOf(request.user);
    if (node === null) return request.object;
    if (node === "") throw refused(request, `could not determine node from user "${request.user.username}"`);
    if (request.kind.plural === "pods") checkPod(request, node);
    else if (request.kind.plural === "nodes") checkNode(request, node);
    else checkOwnObject(request, node);
    return request.object;
  },
};

function checkPod(request: AdmissionRequest, node: string): void {
  const { operation, subresource, oldObject } = request;
  const before = oldObject as PodObject | null;
  if (subresource === "status") {
    if (before?.spec?.nodeName !== node)
      throw refused(
        request,
        `node "${node}" can only update pod status for pods with spec.nodeName set to itself`,
      );
    return;
  }
  if (subresource !== "") return;
  if (operation === "CREATE") {
    const pod = podOf(request);
    if (!isMirror(pod))
      throw refused(
        request,
        `pod does not have "kubernetes.io/config.mirror" annotation, node "${node}" can only create mirror pods`,
      );
    if (pod.spec.nodeName !== node)
      throw refused(request, `node "${node}" can only create pods with spec.nodeName set to itself`);
  } else if (operation === "DELETE") {
    if (before?.spec?.nodeName !== node)
      throw refused(request, `node "${node}" can only delete pods with spec.nodeName set to itself`);
  } else
    throw refused(
      request,
      `unexpected operation "${operation}", node "${node}" can only create and delete mirror pods`,
    );
}

function checkNode(request: AdmissionRequest, node: string): void {
  const name = request.name || request.object?.metadata.name || "";
  if (name !== node) throw refused(request, `node "${node}" is not allowed to modify node "${name}"`);
  const [next, before] = [request.object as Node | null, request.oldObject as Node | null];
  if (next === null) return;
  const labels = Object.keys({ ...next.metadata.labels, ...before?.metadata.labels }).filter(
    (key) =>
      key.startsWith(`${RESTRICTED_LABELS}/`) &&
      next.metadata.labels?.[key] !== before?.metadata.labels?.[key],
  );
  if (labels.length > 0 && before === null)
    throw refused(
      request,
      `node "${node}" is not allowed to set the following labels: ${labels.sort().join(", ")}`,
    );
  if (labels.length > 0)
    throw refused(request, `is not allowed to modify labels: ${labels.sort().join(", ")}`);
  if (
    before !== null &&
    JSON.stringify(next.spec?.taints ?? []) !== JSON.stringify(before.spec?.taints ?? [])
  )
    throw refused(request, `node "${node}" is not allowed to modify taints`);
}

/** Leases and CSINodes of nodes are called as they are. */
function checkOwnObject(request: AdmissionRequest, node: string): void {
  if (request.kind.plural === "leases") {
    if (request.namespace !== "kube-node-lease")
      throw refused(request, `can only access leases in the "kube-node-lease" system namespace`);
    if ((request.name || request.object?.metadata.name) !== node)
      throw refused(request, "can only access node lease with the same name as the requesting node");
  } else if ((request.name || request.object?.metadata.name) !== node)
    throw refused(request, "can only access CSINode with the same name as the requesting node");
}
