// Claims that a Pod mounts.
import type { Pod } from "../../client/object-types.js";

/** "namespace/claim"; those of ephemeral volumes are named after Pod and volume. */
export function claimKeysOf({ metadata, spec }: Pod): readonly string[] {
  return (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined)
      return [`${metadata.namespace}/${persistentVolumeClaim.claimName}`];
    return ephemeral === undefined ? [] : [`${metadata.namespace}/${metadata.name}-${name}`];
  });
}
