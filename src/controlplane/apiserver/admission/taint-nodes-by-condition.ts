// New nodes are tainted until they are known to be ready.
// Source: plugin/pkg/admission/nodetaint.
import type { Taint } from "kubernetes-types/core/v1.js";
import type { KubeObject } from "../../../api/meta.js";
import type { AdmissionPlugin } from "./admission-plugin.js";

const NOT_READY: Taint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };

type Node = KubeObject & { readonly spec?: { readonly taints?: readonly Taint[] } & Record<string, unknown> };

/** A new node takes no Pods until its conditions are known to be good. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: "TaintNodesByCondition",
  operations: ["CREATE"],
  resources: ["nodes"],
  mutate({ object }) {
    const node = object as Node;
    const taints = node.spec?.taints ?? [];
    const isTainted = taints.some(
      (taint) => taint.key === NOT_READY.key && taint.effect === NOT_READY.effect,
    );
    return isTainted ? node : { ...node, spec: { ...node.spec, taints: [...taints, NOT_READY] } };
  },
};
