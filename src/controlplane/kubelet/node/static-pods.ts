// Pods that a node runs by itself, from files, and the mirrors that show them in the API.
// Source: kubernetes pkg/kubelet/config/common.go applyDefaults, pkg/kubelet/pod/mirror_client.go.
import { createHash } from "node:crypto";
import type { KubeObject } from "../../../api/meta.js";
import {
  ANNOTATION_CONFIG_HASH,
  ANNOTATION_CONFIG_MIRROR,
  ANNOTATION_CONFIG_SOURCE,
  type Pod,
} from "../pod/pod.js";
import type { StaticPod } from "./node-spec.js";

/** The Pod as the kubelet runs it: named after its node, its uid made of what it says. */
export function staticPodOf(file: StaticPod, nodeName: string): Pod {
  const hash = createHash("md5")
    .update(JSON.stringify([nodeName, file]))
    .digest("hex");
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${file.name}-${nodeName}`,
      namespace: file.namespace ?? "kube-system",
      uid: hash,
      ...(file.labels === undefined ? {} : { labels: file.labels }),
      annotations: {
        ...file.annotations,
        [ANNOTATION_CONFIG_HASH]: hash,
        [ANNOTATION_CONFIG_SOURCE]: "file",
      },
    },
    spec: {
      ...file.spec,
      nodeName,
      restartPolicy: file.spec.restartPolicy ?? "Always",
      tolerations: [...(file.spec.tolerations ?? []), { operator: "Exists", effect: "NoExecute" }],
    },
  };
}

/** What stands for it in the API. @param node its owner; null: not known yet */
export function mirrorPodOf(pod: Pod, node: KubeObject | null): object {
  const hash = pod.metadata.annotations?.[ANNOTATION_CONFIG_HASH] ?? "";
  const uid = node?.metadata.uid;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: pod.metadata.name,
      namespace: pod.metadata.namespace,
      ...(pod.metadata.labels === undefined ? {} : { labels: pod.metadata.labels }),
      annotations: { ...pod.metadata.annotations, [ANNOTATION_CONFIG_MIRROR]: hash },
      ...(node === null || uid === undefined
        ? {}
        : {
            ownerReferences: [
              { apiVersion: "v1", kind: "Node", name: node.metadata.name, uid, controller: true },
            ],
          }),
    },
    spec: pod.spec,
  };
}

/** The uid of the static Pod that a mirror stands for; null: it is no mirror. */
export function mirroredUid(pod: KubeObject): string | null {
  return pod.metadata.annotations?.[ANNOTATION_CONFIG_MIRROR] ?? null;
}
