// Classes that are marked as the default.
import type { Kind } from "../../../api/kinds/kind.js";
import type { KubeObject } from "../../../api/meta.js";
import type { ObjectReader } from "../object-access.js";

/** The newest first, then by name. */
export function defaultsOf(
  reader: ObjectReader,
  kind: Kind,
  annotations: readonly string[],
): readonly KubeObject[] {
  const age = ({ metadata }: KubeObject) => metadata.creationTimestamp ?? "";
  return [...reader.list(kind, "")]
    .filter(({ metadata }) => annotations.some((name) => metadata.annotations?.[name] === "true"))
    .sort(
      (one, other) =>
        age(other).localeCompare(age(one)) || one.metadata.name.localeCompare(other.metadata.name),
    );
}
