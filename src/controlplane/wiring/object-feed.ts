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
