// A DaemonSet's Pod for one node: pinned there by name, for the scheduler to bind.
// Source: pkg/controller/daemon/util/daemonset_util.go.
import type { DaemonSet, Pod } from "../../client/object-types.js";
import type { OwnerKind } from "../harness/owners.js";
import { type NewPod, podFromTemplate } from "../harness/pod-from-template.js";
import { REVISION_LABEL } from "../harness/revisions.js";
import { daemonTolerations } from "./node-fit.js";

export const DAEMON_SET_KIND: OwnerKind = { apiVersion: "apps/v1", kind: "DaemonSet" };

export function newDaemonPod(set: DaemonSet, nodeName: string, hash: string): NewPod {
  const template = set.spec?.template ?? {};
  const pod = podFromTemplate(template, set, DAEMON_SET_KIND);
  const pinned = { matchFields: [{ key: "metadata.name", operator: "In", values: [nodeName] }] };
  const { affinity } = template.spec ?? {};
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, [REVISION_LABEL]: hash } },
    spec: {
      ...(template.spec ?? { containers: [] }),
      tolerations: [...daemonTolerations(template)],
      affinity: {
        ...affinity,
        nodeAffinity: {
          ...affinity?.nodeAffinity,
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [pinned] },
        },
      },
    },
  };
}

/** Where it runs or is to run; "": nobody knows. */
export function nodeNameOf(pod: Pod): string {
  const { nodeName } = pod.spec ?? {};
  if (nodeName !== undefined && nodeName !== "") return nodeName;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  for (const { matchFields } of required?.nodeSelectorTerms ?? [])
    for (const { key, operator, values } of matchFields ?? [])
      if (key === "metadata.name" && operator === "In" && values?.length === 1) return values[0] ?? "";
  return "";
}

export function hashOf(pod: Pod): string {
  return pod.metadata.labels?.[REVISION_LABEL] ?? "";
}
