// Keeps a Pod out of the queue while spec.schedulingGates names any gate.
// Source: kube-scheduler plugins/schedulinggates/scheduling_gates.go.
import { ACTION } from "../../framework/cluster-event.js";
import { podEvents, queueIfSelf } from "../../framework/event-objects.js";
import type { PreEnqueuePlugin } from "../../framework/plugin.js";
import { unresolvable } from "../../framework/status.js";

const NAME = "SchedulingGates";

export function createSchedulingGates() {
  return {
    name: NAME,
    eventsToRegister: () => podEvents(ACTION.UpdatePodSchedulingGatesEliminated, queueIfSelf),
    preEnqueue({ pod }) {
      const gates = pod.spec?.schedulingGates ?? [];
      if (gates.length === 0) return null;
      const names = gates.map(({ name }) => name).join(" ");
      return unresolvable(NAME, `waiting for scheduling gates: [${names}]`);
    },
  } satisfies PreEnqueuePlugin;
}
