// What an object must be like beside well-formed: defaults and validity.
import type { Kind } from "../../api/kinds/kind.js";
import type { KubeObject } from "../../api/meta.js";
import type { FieldFailure } from "./registry/api-failures.js";

/** Objects are of the storage version and are never written to. */
export interface ObjectRules {
  applyDefaults(object: KubeObject, kind: Kind): KubeObject;
  validateCreate(object: KubeObject, kind: Kind): readonly FieldFailure[];
  /** @param subresource "" or "status" */
  validateUpdate(
    next: KubeObject,
    current: KubeObject,
    kind: Kind,
    subresource: string,
  ): readonly FieldFailure[];
}

export const noRules: ObjectRules = {
  applyDefaults: (object) => object,
  validateCreate: () => [],
  validateUpdate: () => [],
};
