// Every kind that the API serves.
import { CORE_KINDS } from "./core-kinds.js";
import { GROUP_KINDS } from "./group-kinds.js";
import type { Kind } from "./kind.js";

export const KINDS: readonly Kind[] = [...CORE_KINDS, ...GROUP_KINDS];

const BY_RESOURCE = new Map(KINDS.map((kind) => [`${kind.group}/${kind.plural}`, kind]));
const BY_KIND = new Map(KINDS.map((kind) => [`${kind.group}/${kind.kind}`, kind]));

/** By group ("" is core) and plural name. */
export function kindOfResource(group: string, plural: string): Kind | undefined {
  return BY_RESOURCE.get(`${group}/${plural}`);
}

/** By group and name of the kind. */
export function kindNamed(group: string, kind: string): Kind | undefined {
  return BY_KIND.get(`${group}/${kind}`);
}

/** "v1" for the core group, else "apps/v1". */
export function apiVersionOf(group: string, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}

/** "apps/v1" -> ["apps", "v1"]; "v1" -> ["", "v1"]. */
export function groupVersionOf(apiVersion: string): readonly [group: string, version: string] {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? ["", apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}
