// ConfigMaps, Secrets and the like as nodes need them: fetched when a Pod asks, kept for a while, once for all nodes.
// Why not a watch: most objects are never mounted, and a kubelet upstream reads those of its Pods only.
import { isStatus } from "../../api/status.js";
import type { KubeObject } from "../../api/meta.js";
import type { Client, ResourceName } from "../client/client.js";
import type { DueTimes } from "./due-times.js";

const KEPT_MS = 10_000;
const KEPT_MAX = 20_000;

export const CSI_DRIVERS: ResourceName = { group: "storage.k8s.io", version: "v1", resource: "csidrivers" };

interface Kept {
  readonly object: Promise<KubeObject | null>;
  readonly atMs: number;
}

export class ObjectCache {
  readonly #client: Client;
  readonly #due: DueTimes;
  readonly #kept = new Map<string, Kept>();

  constructor(client: Client, due: DueTimes) {
    this.#client = client;
    this.#due = due;
  }

  /** @returns null when there is none. What is not there is asked for anew each time. */
  async get<Kind extends KubeObject = KubeObject>(
    resource: ResourceName,
    namespace: string | null,
    name: string,
  ): Promise<Kind | null> {
    const key = `${resource.resource}/${namespace ?? ""}/${name}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined && this.#due.now() - kept.atMs < KEPT_MS)
      return (await kept.object) as Kind | null;
    const object = this.#fetch(resource, namespace, name);
    if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
    this.#kept.set(key, { object, atMs: this.#due.now() });
    try {
      const found = await object;
      if (found === null) this.#kept.delete(key);
      return found as Kind | null;
    } catch (error) {
      this.#kept.delete(key);
      throw error;
    }
  }

  /** Of things that are waited for: as it is now. @returns null when there is none */
  async getFresh<Kind extends KubeObject = KubeObject>(
    resource: ResourceName,
    namespace: string | null,
    name: string,
  ): Promise<Kind | null> {
    return (await this.#fetch(resource, namespace, name)) as Kind | null;
  }

  async #fetch(resource: ResourceName, namespace: string | null, name: string): Promise<KubeObject | null> {
    try {
      return await this.#client.resource(resource, namespace).get(name);
    } catch (error) {
      if (isStatus(error, "NotFound")) return null;
      throw error;
    }
  }
}
