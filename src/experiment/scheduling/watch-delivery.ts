// A change of the API, told to the scheduler as its informers would. Kinds that it does not read are passed over.
import type { KubeObject, Node, Pod } from "../../api/types.js";
import type { ClusterState } from "../../scheduler/cluster-state.js";
import { LISTED_KINDS, type ListedKind, type ListedKinds } from "../../scheduler/objects.js";
import type { WatchEvent } from "./in-memory-api.js";

const LISTED: ReadonlySet<string> = new Set(LISTED_KINDS);

export function deliver({ type, object }: WatchEvent, cluster: ClusterState, nowMs: number): void {
  const isSet = type === "set";
  if (object.kind === "Pod") {
    if (isSet) cluster.setPod(object as Pod, nowMs);
    else cluster.deletePod(object as Pod, nowMs);
  } else if (object.kind === "Node") {
    if (isSet) cluster.setNode(object as Node, nowMs);
    else cluster.deleteNode(object.metadata.name, nowMs);
  } else if (isListed(object)) {
    if (isSet) cluster.set(object, nowMs);
    else cluster.delete(object, nowMs);
  }
}

function isListed(object: KubeObject): object is ListedKinds[ListedKind] {
  return LISTED.has(object.kind);
}
