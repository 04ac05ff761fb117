// A Pod as a template says, owned by a workload.
// Source: pkg/controller/controller_utils.go (GetPodFromTemplate).
import type { KubeObject } from "../../../api/meta.js";
import type { PodTemplateSpec } from "../../client/object-types.js";
import { controllerReference, type OwnerKind } from "./owners.js";

export type NewPod = KubeObject & { readonly spec: PodTemplateSpec["spec"] };

/** Named by the server: "web-" and five letters. The spec is the template's own object, not a copy. */
export function podFromTemplate(template: PodTemplateSpec, owner: KubeObject, ownerKind: OwnerKind): NewPod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "",
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace ?? "default",
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReference(owner, ownerKind)],
    },
    spec: template.spec,
  };
}
