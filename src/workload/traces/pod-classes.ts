// The kinds of Pods in a trace and how common each is: what free room has to be good for.
import { quantityMilliValue, quantityValue } from "../../api/quantity.js";
import type { Node, Pod, PodSpec } from "../../api/types.js";

/** Pods that ask for the same and may go to the same nodes. */
export interface PodClass {
  /** Pods of this kind. */
  readonly weight: number;
  /** One amount per resource: cpu in milli, others in whole units. */
  readonly requests: Float64Array;
  /** 1 for each node that the Pods' constraints allow, whatever is free there; null: every node. */
  readonly admitted: Uint8Array | null;
}

/**
 * Group Pods by spec. Specs are told apart by identity: importers share one between equal Pods.
 *
 * @param admits whether the constraints of a spec allow a node; asked once per class and node
 * @returns classes in order of first appearance. Cost: O(Pods + classes x nodes)
 */
export function podClasses(
  pods: readonly Pod[],
  cluster: {
    readonly nodes: readonly Node[];
    readonly resources: readonly string[];
    readonly admits: (spec: PodSpec, node: Node) => boolean;
  },
): PodClass[] {
  const counts = new Map<PodSpec, number>();
  for (const { spec } of pods) if (spec !== undefined) counts.set(spec, (counts.get(spec) ?? 0) + 1);
  return [...counts].map(([spec, weight]) => {
    const admitted = Uint8Array.from(cluster.nodes, (node) => Number(cluster.admits(spec, node)));
    return {
      weight,
      requests: Float64Array.from(cluster.resources, (resource) => requestOf(spec, resource)),
      admitted: admitted.includes(0) ? admitted : null,
    };
  });
}

function requestOf(spec: PodSpec, resource: string): number {
  const read = resource === "cpu" ? quantityMilliValue : quantityValue;
  return (spec.containers ?? []).reduce(
    (sum, { resources }) => sum + (read(resources?.requests?.[resource] ?? 0) ?? 0),
    0,
  );
}
