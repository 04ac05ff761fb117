// Objects in memory, as plugins and authorizers read them.
import type { Kind } from "../../api/kinds/kind.js";
import type { KubeObject } from "../../api/meta.js";
import { StatusError } from "../../api/status.js";
import { kindRow, type ObjectAccess } from "./object-access.js";

const PODS = kindRow("", "pods");

export class MemoryObjects implements ObjectAccess {
  readonly #objects = new Map<string, KubeObject>();

  put(kind: Kind, object: KubeObject): void {
    this.#objects.set(keyOf(kind, object.metadata.namespace ?? "", object.metadata.name), object);
  }

  get(kind: Kind, namespace: string, name: string): KubeObject | undefined {
    return this.#objects.get(keyOf(kind, namespace, name));
  }

  *list(kind: Kind, namespace: string): Iterable<KubeObject> {
    const prefix = namespace === "" ? `${kind.group}/${kind.plural}/` : keyOf(kind, namespace, "");
    for (const [key, object] of this.#objects) if (key.startsWith(prefix)) yield object;
  }

  *podsOfNode(node: string): Iterable<KubeObject> {
    for (const pod of this.list(PODS, ""))
      if ((pod as { spec?: { nodeName?: string } }).spec?.nodeName === node) yield pod;
  }

  fresh(): undefined {
    return undefined;
  }

  async update(kind: Kind, namespace: string, name: string, change: (current: KubeObject) => KubeObject) {
    const current = this.get(kind, namespace, name);
    if (current === undefined) throw new StatusError("NotFound", `${kind.plural} "${name}" not found`);
    const next = change(current);
    this.put(kind, next);
    return next;
  }
}

function keyOf(kind: Kind, namespace: string, name: string): string {
  return `${kind.group}/${kind.plural}/${namespace}/${name}`;
}
