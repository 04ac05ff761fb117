// A Pod that names its node goes there or nowhere.
// Source: kube-scheduler plugins/nodename/node_name.go.
import { ACTION } from "../../framework/cluster-event.js";
import type { FilterPlugin } from "../../framework/plugin.js";
import { unresolvable } from "../../framework/status.js";

export const NAME = "NodeName";
export const OTHER_NODE = unresolvable(NAME, "node(s) didn't match the requested node name");

export function createNodeName() {
  return {
    name: NAME,
    eventsToRegister: () => [{ resource: "Node", actions: ACTION.Add }],
    filter(_state, { pod }, { name }) {
      const wanted = pod.spec?.nodeName ?? "";
      return wanted === "" || wanted === name ? null : OTHER_NODE;
    },
  } satisfies FilterPlugin;
}
