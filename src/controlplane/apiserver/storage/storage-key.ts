// Where an object lies in the store: /registry/pods/default/web-0, /registry/apps/deployments/default/web, /registry/nodes/n1.
import type { Kind } from "../../../api/kinds/kind.js";

export const REGISTRY = "/registry/";

/** What all keys of a kind begin with; kinds that are stored together share it. */
export function resourcePrefix(kind: Kind): string {
  const { group, plural } = kind.storedAs ?? kind;
  return group === "" ? `${REGISTRY}${plural}/` : `${REGISTRY}${group}/${plural}/`;
}

/** "pods", "apps/deployments". */
export function resourceOfPrefix(prefix: string): string {
  return prefix.slice(REGISTRY.length, -1);
}

/** @param namespace "" for kinds without namespaces */
export function storageKey(prefix: string, namespace: string, name: string): string {
  return namespace === "" ? `${prefix}${name}` : `${prefix}${namespace}/${name}`;
}

/** The prefix of a key that some kind's objects have: two or three parts of it. */
export function prefixOfKey(key: string, isPrefix: (prefix: string) => boolean): string | null {
  const afterPlural = key.indexOf("/", REGISTRY.length) + 1;
  if (afterPlural === 0) return null;
  const short = key.slice(0, afterPlural);
  if (isPrefix(short)) return short;
  const afterGroup = key.indexOf("/", afterPlural) + 1;
  const long = key.slice(0, afterGroup);
  return afterGroup > 0 && isPrefix(long) ? long : null;
}
