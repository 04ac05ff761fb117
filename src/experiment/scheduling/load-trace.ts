// A trace from its two files, as the replay that is asked for.
import { readFileSync } from "node:fs";
import type { Node, Pod } from "../../api/types.js";
import type { Scheduler } from "../../scheduler/scheduler.js";
import { readTrace } from "../../workload/traces/generic.js";
import { readOpenb } from "../../workload/traces/openb.js";
import { arrivalsOf, tileNodes, type TraceArrival } from "../../workload/traces/timeline.js";
import { FreeShare, scarceResource } from "./free-share.js";
import type { SchedulingSource } from "./scheduling-types.js";

export interface LoadedTrace {
  readonly nodes: readonly Node[];
  readonly arrivals: readonly TraceArrival[];
  /** Of the scarcest resource's free share; null where Pods ask for none. */
  readonly fragmentation: (scheduler: Scheduler) => number | null;
}

/** As kubelets say by default; traces do not tell. */
const PODS_PER_NODE = 110;

/** @throws {PlumbError} InvalidInput with every mistake of the files, or options out of range */
export function loadTrace(source: SchedulingSource & { readonly kind: "trace" }): LoadedTrace {
  const read = source.format === "openb" ? readOpenb : readTrace;
  const input = (file: string) => ({ file, text: readFileSync(file, "utf8") });
  const files = { nodes: input(source.nodesPath), pods: input(source.podsPath) };
  const trace = read(files, { podsPerNode: PODS_PER_NODE });
  const nodes = tileNodes(trace.nodes, source.tileCount);
  const arrivals = arrivalsOf(trace, source);
  return {
    nodes,
    arrivals,
    fragmentation: fragmentationOf(
      nodes,
      arrivals.map(({ pod }) => pod),
    ),
  };
}

function fragmentationOf(nodes: readonly Node[], pods: readonly Pod[]): LoadedTrace["fragmentation"] {
  const scarce = scarceResource(pods);
  if (scarce === null) return () => null;
  const share = new FreeShare(nodes, pods, scarce);
  return ({ cache }) => share.fragmentation(cache);
}
