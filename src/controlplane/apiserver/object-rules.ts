// What an object must be like beside well-formed: defaults, validity, and who owns its fields.
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

/** A write as managedFields records it. */
export interface FieldWrite {
  readonly manager: string;
  /** "" or "status", "scale"... */
  readonly subresource: string;
  /** RFC 3339. */
  readonly time: string;
}

/** Keeps metadata.managedFields. */
export interface FieldTracker {
  /** `next` with what differs from `current` (null: it is new) credited to the writer. */
  track(next: KubeObject, current: KubeObject | null, kind: Kind, write: FieldWrite): KubeObject;
}

export const noTracker: FieldTracker = { track: (next) => next };
