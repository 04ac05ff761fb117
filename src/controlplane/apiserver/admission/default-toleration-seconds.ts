// Pods stay five minutes on a node that is not ready or cannot be reached, unless they say otherwise.
// Source: plugin/pkg/admission/defaulttolerationseconds.
import type { Toleration } from "kubernetes-types/core/v1.js";
import type { AdmissionPlugin } from "./admission-plugin.js";
import { podOf, withSpec } from "./pod-parts.js";

const SECONDS = 300;
const STANDARD = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].map(
  (key): Toleration => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: SECONDS }),
);

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: "DefaultTolerationSeconds",
  operations: ["CREATE", "UPDATE"],
  resources: ["pods"],
  mutate(request) {
    const pod = podOf(request);
    const tolerations = pod.spec.tolerations ?? [];
    const added = STANDARD.filter(({ key }) => !tolerations.some((each) => isAbout(each, key)));
    return added.length === 0 ? request.object : withSpec(pod, { tolerations: [...tolerations, ...added] });
  },
};

function isAbout({ key, effect }: Toleration, taint: string | undefined): boolean {
  return (!key || key === taint) && (!effect || effect === "NoExecute");
}
