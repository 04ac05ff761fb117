// The order of the queue: higher priority first, then who waits longer.
// Source: kube-scheduler plugins/queuesort/priority_sort.go.
import type { QueueSortPlugin } from "../../framework/plugin.js";

const NAME = "PrioritySort";

export function createPrioritySort() {
  return {
    name: NAME,
    less: (a, b) =>
      a.pod.priority === b.pod.priority ? a.timestampMs < b.timestampMs : a.pod.priority > b.pod.priority,
  } satisfies QueueSortPlugin;
}
