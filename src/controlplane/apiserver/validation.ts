// Whether an object is one that its kind allows, beyond being well-formed.
import type { Kind } from "../../api/kinds/kind.js";
import type { KubeObject } from "../../api/meta.js";
import type { FieldFailure } from "./registry/api-failures.js";

/** Objects are of the storage version, with defaults, and are never written to. */
export interface Validation {
  validateCreate(object: KubeObject, kind: Kind): readonly FieldFailure[];
  /** @param subresource "" or "status", "scale", "resize"... */
  validateUpdate(
    next: KubeObject,
    current: KubeObject,
    kind: Kind,
    subresource: string,
  ): readonly FieldFailure[];
}

export const acceptAll: Validation = { validateCreate: () => [], validateUpdate: () => [] };
