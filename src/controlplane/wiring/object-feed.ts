// How objects reach a part of the plane that knows no client: each change of one resource, in order, after the first list.
import type { KubeObject } from "../../api/meta.js";
import type { ResourceName } from "../client/client.js";

export interface ObjectListener {
  /** Added or changed. Deliveries may repeat. */
  set(object: KubeObject): void;
  delete(object: KubeObject): void;
}

/** Resolves when the first list has been delivered whole. */
export type ObjectFeed = (resource: ResourceName, listener: ObjectListener) => Promise<void>;

export const RESOURCES = {
  pods: { group: "", version: "v1", resource: "pods" },
  nodes: { group: "", version: "v1", resource: "nodes" },
  services: { group: "", version: "v1", resource: "services" },
  endpointSlices: { group: "discovery.k8s.io", version: "v1", resource: "endpointslices" },
  events: { group: "", version: "v1", resource: "events" },
  persistentVolumes: { group: "", version: "v1", resource: "persistentvolumes" },
  persistentVolumeClaims: { group: "", version: "v1", resource: "persistentvolumeclaims" },
} as const satisfies Record<string, ResourceName>;
