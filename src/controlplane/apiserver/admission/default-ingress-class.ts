// An Ingress that names no class gets the default one.
// Source: plugin/pkg/admission/network/defaultingressclass.
import type { KubeObject } from "../../../api/meta.js";
import type { AdmissionRequest } from "../access.js";
import { kindRow, type ObjectReader } from "../object-access.js";
import { type AdmissionPlugin, refused } from "./admission-plugin.js";
import { defaultsOf } from "./default-classes.js";

type WithSpec = KubeObject & { readonly spec?: Readonly<Record<string, unknown>> };

const INGRESS_CLASSES = kindRow("networking.k8s.io", "ingressclasses");
const INGRESS_DEFAULT = ["ingressclass.kubernetes.io/is-default-class"];
const INGRESS_CLASS = "kubernetes.io/ingress.class";

export function defaultIngressClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "DefaultIngressClass",
    operations: ["CREATE"],
    resources: ["ingresses.networking.k8s.io"],
    mutate(request: AdmissionRequest) {
      const ingress = request.object as WithSpec;
      if (
        ingress.spec?.["ingressClassName"] !== undefined ||
        ingress.metadata.annotations?.[INGRESS_CLASS] !== undefined
      )
        return ingress;
      const [chosen, ...others] = defaultsOf(reader, INGRESS_CLASSES, INGRESS_DEFAULT);
      if (chosen === undefined) return ingress;
      if (others.length > 0 && others[0]?.metadata.creationTimestamp === undefined)
        throw refused(request, `${others.length + 1} default IngressClasses were found, only 1 allowed`);
      return { ...ingress, spec: { ...ingress.spec, ingressClassName: chosen.metadata.name } };
    },
  };
}
