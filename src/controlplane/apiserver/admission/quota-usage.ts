// What an object counts for in quotas, by the names that quotas use.
// Source: pkg/quota/v1/evaluator/core.
import type { PersistentVolumeClaim, Service } from "kubernetes-types/core/v1.js";
import { type Amounts, amountOf, type Amount } from "../../../api/amount.js";
import type { Kind } from "../../../api/kinds/kind.js";
import type { KubeObject } from "../../../api/meta.js";
import { qualified } from "../registry/api-failures.js";
import type { PodObject } from "./pod-parts.js";
import { podAmounts } from "./pod-resources.js";

const ONE: Amount = { milli: 1000, isBinary: false };
const count = (number: number): Amount => ({ milli: number * 1000, isBinary: false });

/** Counted by their plain name, too. */
const PLAINLY_COUNTED: ReadonlySet<string> = new Set([
  "configmaps",
  "persistentvolumeclaims",
  "pods",
  "replicationcontrollers",
  "resourcequotas",
  "secrets",
  "services",
]);
const COMPUTE: readonly string[] = ["cpu", "memory", "ephemeral-storage"];
const STORAGE_CLASS = "storageclass.storage.k8s.io";

/** name -> amount. Names that nothing is counted under are absent. */
export function quotaUsage(kind: Kind, object: KubeObject): Amounts {
  const counted: Record<string, Amount> = { [`count/${qualified(kind)}`]: ONE };
  if (kind.group !== "" || !PLAINLY_COUNTED.has(kind.plural)) return counted;
  if (kind.plural === "pods") return { ...counted, ...podUsage(object as PodObject) };
  counted[kind.plural] = ONE;
  if (kind.plural === "services") return { ...counted, ...serviceUsage(object as Service) };
  if (kind.plural === "persistentvolumeclaims")
    return { ...counted, ...claimUsage(object as PersistentVolumeClaim) };
  return counted;
}

/** A Pod that has ended counts for nothing but an object. */
function podUsage(pod: PodObject): Amounts {
  const phase = pod.status?.phase;
  if (phase === "Failed" || phase === "Succeeded") return {};
  const usage: Record<string, Amount> = { pods: ONE };
  for (const [name, amount] of Object.entries(podAmounts(pod, "requests", true))) {
    usage[`requests.${name}`] = amount;
    if (COMPUTE.includes(name) || name.startsWith("hugepages-")) usage[name] = amount;
  }
  for (const [name, amount] of Object.entries(podAmounts(pod, "limits", true)))
    if (COMPUTE.includes(name)) usage[`limits.${name}`] = amount;
  return usage;
}

function serviceUsage({ spec = {} }: Service): Amounts {
  const ports = spec.ports ?? [];
  switch (spec.type) {
    case "NodePort":
      return { "services.nodeports": count(ports.length) };
    case "LoadBalancer": {
      const taken =
        spec.allocateLoadBalancerNodePorts === false ? ports.filter((port) => port.nodePort) : ports;
      return { "services.loadbalancers": ONE, "services.nodeports": count(taken.length) };
    }
    default:
      return {};
  }
}

function claimUsage({ spec }: PersistentVolumeClaim): Amounts {
  const storage = amountOf(spec?.resources?.requests?.["storage"] ?? "0");
  const name = spec?.storageClassName;
  return {
    "requests.storage": storage,
    ...(name
      ? {
          [`${name}.${STORAGE_CLASS}/requests.storage`]: storage,
          [`${name}.${STORAGE_CLASS}/persistentvolumeclaims`]: ONE,
        }
      : {}),
  };
}
