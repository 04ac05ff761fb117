// Constraints and Pods for tests of spreading.
import type { TopologySpreadConstraint } from "../../../api/scheduling.js";
import type { PodSpec } from "../../../api/types.js";
import type { PodInfo } from "../../cache/pod-info.js";
import { node, pod } from "../cluster.test-data.js";

export const HOST = "kubernetes.io/hostname";
export const ZONE = "topology.kubernetes.io/zone";

/** Spreads Pods with app=web; hard unless told otherwise. */
export function constraint(
  topologyKey: string,
  maxSkew: number,
  rest: Partial<TopologySpreadConstraint> = {},
): TopologySpreadConstraint {
  return {
    topologyKey,
    maxSkew,
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector: { matchLabels: { app: "web" } },
    ...rest,
  };
}

export function web(name: string, spec: PodSpec = {}, metadata: Parameters<typeof pod>[2] = {}): PodInfo {
  return pod(name, spec, { labels: { app: "web" }, ...metadata });
}

/** A node with this many web Pods; an empty zone stands for no label. */
export function host(name: string, zone: string, count: number, spec = {}, labels = {}) {
  const pods = Array.from({ length: count }, (_, index) => web(`${name}-${index}`));
  return node(
    name,
    { labels: { [HOST]: name, ...(zone === "" ? {} : { [ZONE]: zone }), ...labels }, spec },
    pods,
  );
}
