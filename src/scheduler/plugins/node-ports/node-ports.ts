// Two Pods on one node cannot have the same host port.
// Source: kube-scheduler plugins/nodeports/node_ports.go.
import { portsConflict } from "../../cache/pod-info.js";
import { ACTION, type QueueingHintFn } from "../../framework/cluster-event.js";
import { holdsNode, podEvents, podsOf } from "../../framework/event-objects.js";
import type { FilterPlugin, PreFilterPlugin } from "../../framework/plugin.js";
import { SKIP, unschedulable } from "../../framework/status.js";

export const NAME = "NodePorts";
export const TAKEN = unschedulable(NAME, "node(s) didn't have free ports for the requested pod ports");

export function createNodePorts() {
  return {
    name: NAME,
    eventsToRegister: () => [
      ...podEvents(ACTION.Delete, afterPodDeleted),
      { resource: "Node", actions: ACTION.Add },
    ],
    preFilter: (_state, { spec }) => ({
      status: spec.hostPorts.length === 0 ? SKIP : null,
      nodeNames: null,
    }),
    filter: (_state, { spec }, node) =>
      spec.hostPorts.some((wanted) => node.portsConflict(wanted)) ? TAKEN : null,
  } satisfies PreFilterPlugin & FilterPlugin;
}

const afterPodDeleted: QueueingHintFn = (pod, objects) => {
  const { before: deleted } = podsOf(objects);
  if (deleted === null || !holdsNode(deleted.pod)) return "Skip";
  const freesPort = deleted.spec.hostPorts.some((freed) =>
    pod.spec.hostPorts.some((wanted) => portsConflict(wanted, freed)),
  );
  return freesPort ? "Queue" : "Skip";
};
