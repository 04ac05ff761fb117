// Which Pods belong with a Pod that does not say: those of its Services and of what controls it.
// Cost: O(Services) per call. Source: kube-scheduler plugins/helper/spread.go.
import { matchesLabels } from "../../../api/selector.js";
import type { LabelSelector, LabelSelectorRequirement, Workload } from "../../../api/types.js";
import type { PodInfo } from "../../cache/pod-info.js";
import type { ObjectLister } from "../../objects.js";

type Labels = Readonly<Record<string, string>>;

/** Selectors of all of them, ANDed; null when there is none. */
export function defaultSelector(pod: PodInfo, objects: ObjectLister): LabelSelector | null {
  const services = serviceLabels(pod, objects);
  const owner = controller(pod, objects);
  if (owner?.kind === "ReplicationController")
    return selectorOf({ ...services, ...(owner.spec.selector as Labels | undefined) }, []);
  return selectorOf(services, requirements(owner?.spec.selector as LabelSelector | undefined));
}

function serviceLabels({ namespace, pod }: PodInfo, objects: ObjectLister): Labels {
  const labels: Record<string, string> = {};
  for (const { metadata, spec } of objects.list("Service")) {
    if (metadata.namespace !== namespace || spec.selector === undefined) continue;
    if (matchesLabels(pod.metadata.labels, spec.selector)) Object.assign(labels, spec.selector);
  }
  return labels;
}

/** Of the kinds that are known here; in the API group that upstream looks for. */
function controller({ pod, namespace }: PodInfo, objects: ObjectLister): Workload | undefined {
  const owner = pod.metadata.ownerReferences?.find((each) => each.controller === true);
  if (owner === undefined) return undefined;
  const key = `${namespace}/${owner.name}`;
  switch (`${owner.apiVersion} ${owner.kind}`) {
    case "v1 ReplicationController":
      return objects.get("ReplicationController", key);
    case "apps/v1 ReplicaSet":
      return objects.get("ReplicaSet", key);
    case "apps/v1 StatefulSet":
      return objects.get("StatefulSet", key);
    default:
      return undefined;
  }
}

/** As expressions, for a key may stand in a Service's selector with another value. */
function requirements({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}) {
  const equalities = Object.entries(matchLabels).map(
    ([key, value]): LabelSelectorRequirement => ({ key, operator: "In", values: [value] }),
  );
  return [...equalities, ...matchExpressions];
}

function selectorOf(
  matchLabels: Labels,
  matchExpressions: readonly LabelSelectorRequirement[],
): LabelSelector | null {
  const isEmpty = Object.keys(matchLabels).length + matchExpressions.length === 0;
  return isEmpty ? null : { matchLabels, matchExpressions };
}
