// Pods of a namespace go to the nodes that the namespace's annotation selects.
// Source: plugin/pkg/admission/podnodeselector.
import { kindRow, type ObjectReader } from "../object-access.js";
import { type AdmissionPlugin, refused } from "./admission-plugin.js";
import { podOf, withSpec } from "./pod-parts.js";

const NAMESPACES = kindRow("", "namespaces");
const NAMESPACE_SELECTOR = "scheduler.alpha.kubernetes.io/node-selector";

/** Off unless it is asked for: Pods of a namespace go where the namespace's annotation says. */
export function podNodeSelector(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "PodNodeSelector",
    operations: ["CREATE"],
    resources: ["pods"],
    mutate(request) {
      const namespace = reader.get(NAMESPACES, "", request.namespace);
      const wanted = pairsOf(namespace?.metadata.annotations?.[NAMESPACE_SELECTOR] ?? "");
      const pod = podOf(request);
      const own = pod.spec.nodeSelector ?? {};
      if (Object.entries(wanted).some(([key, value]) => own[key] !== undefined && own[key] !== value))
        throw refused(request, "pod node label selector conflicts with its namespace node label selector");
      return Object.keys(wanted).length === 0
        ? request.object
        : withSpec(pod, { nodeSelector: { ...own, ...wanted } });
    },
  };
}

/** "a=b,c=d" */
function pairsOf(text: string): Record<string, string> {
  const pairs = text.split(",").filter((pair) => pair.includes("="));
  return Object.fromEntries(
    pairs.map((pair) => pair.split("=").map((part) => part.trim()) as [string, string]),
  );
}
