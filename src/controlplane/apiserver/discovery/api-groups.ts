// What the server offers, as data: every group with its versions and the resources of each.
import { KINDS } from "../../../api/kinds/kinds.js";
import type { ExtraGroup } from "../extra-group.js";
import type { OfferedResource } from "./offered-resource.js";

export interface OfferedVersion {
  readonly version: string;
  readonly resources: readonly OfferedResource[];
}

export interface OfferedGroup {
  /** "" for the core group. */
  readonly group: string;
  /** The preferred one first. */
  readonly versions: readonly OfferedVersion[];
}

/** The core group first, then in the order of the table, extra groups last. */
export function offeredGroups(extraGroups: readonly ExtraGroup[]): readonly OfferedGroup[] {
  const groups = new Map<string, Map<string, OfferedResource[]>>();
  const offer = (group: string, version: string, resource: OfferedResource) => {
    const versions = groups.get(group) ?? new Map<string, OfferedResource[]>();
    groups.set(group, versions);
    versions.set(version, [...(versions.get(version) ?? []), resource]);
  };
  for (const kind of KINDS) for (const version of kind.versions) offer(kind.group, version, kind);
  for (const extra of extraGroups)
    for (const resource of extra.resources) offer(extra.group, extra.version, resource);
  return [...groups].map(([group, versions]) => ({
    group,
    versions: [...versions].map(([version, resources]) => ({
      version,
      resources: resources.sort((a, b) => (a.plural < b.plural ? -1 : 1)),
    })),
  }));
}
