// What an update of a node means for scheduling, as finely as it can be told.
// Source: kube-scheduler framework/events.go (NodeSchedulingPropertiesChange).
import { isDeepStrictEqual } from "node:util";
import type { Node } from "../api/types.js";
import { ACTION, type ClusterEvent } from "./framework/cluster-event.js";

interface NodeChange {
  readonly action: Extract<keyof typeof ACTION, `UpdateNode${string}`>;
  readonly part: (node: Node) => unknown;
}

const NODE_CHANGES: readonly NodeChange[] = [
  { action: "UpdateNodeAllocatable", part: ({ status }) => status?.allocatable },
  { action: "UpdateNodeLabel", part: ({ metadata }) => metadata.labels },
  { action: "UpdateNodeTaint", part: ({ spec }) => [spec?.taints, spec?.unschedulable === true] },
  {
    action: "UpdateNodeCondition",
    part: ({ status }) => status?.conditions?.map(({ type, status: holds }) => [type, holds]),
  },
  { action: "UpdateNodeAnnotation", part: ({ metadata }) => metadata.annotations },
];

/** None when nothing changed that scheduling looks at, such as a heartbeat. */
export function nodeUpdateEvents(before: Node, after: Node): ClusterEvent[] {
  return NODE_CHANGES.filter(({ part }) => !isDeepStrictEqual(part(before), part(after))).map(
    ({ action }) => ({
      resource: "Node",
      action: ACTION[action],
      label: `${action.slice("Update".length)}Update`,
    }),
  );
}
