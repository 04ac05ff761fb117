// Objects by kind and key; Pods also by uid. A place holds what an object is now, so that writing again needs no key.
import { present } from "../../base/assert.js";
import type { KubeObject, Pod } from "../../api/types.js";
import { objectKey } from "../../scheduler/objects.js";

export interface Place<Kind extends KubeObject = KubeObject> {
  object: Kind;
}

export class ObjectStore {
  readonly #byKind = new Map<string, Map<string, Place>>();
  readonly #podByUid = new Map<string, Place<Pod>>();

  place(kind: string, key: string): Place | undefined {
    return this.#byKind.get(kind)?.get(key);
  }

  pod(uid: string): Place<Pod> | undefined {
    return this.#podByUid.get(uid);
  }

  /** In order of creation. */
  *list(kind: string): IterableIterator<KubeObject> {
    for (const { object } of this.#byKind.get(kind)?.values() ?? []) yield object;
  }

  /** @returns whether there was room: false, the name is taken */
  add(object: KubeObject): boolean {
    const places = this.#of(object.kind);
    const key = objectKey(object);
    if (places.has(key)) return false;
    const place = { object };
    places.set(key, place);
    if (isPod(object)) this.#podByUid.set(uidOf(object), place as Place<Pod>);
    return true;
  }

  /** @returns whether it was there */
  remove(object: KubeObject): boolean {
    if (isPod(object)) this.#podByUid.delete(uidOf(object));
    return this.#of(object.kind).delete(objectKey(object));
  }

  #of(kind: string): Map<string, Place> {
    let places = this.#byKind.get(kind);
    if (places === undefined) {
      places = new Map();
      this.#byKind.set(kind, places);
    }
    return places;
  }
}

export function isPod(object: KubeObject): object is Pod {
  return object.kind === "Pod";
}

/** Of a stored Pod. */
export function uidOf({ metadata }: Pod): string {
  return present(metadata.uid, "uid of a stored Pod");
}
