// What creating, updating and deleting mean for a kind beyond what they mean for all. The table is strategies.ts.
// Source: pkg/registry/*/*/strategy.go.
import type { KubeObject } from "../../../api/meta.js";
import type { UserInfo } from "../../protocol/api-request.js";

/** An object with the two parts that most kinds have. */
export interface SpecObject extends KubeObject {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

export interface Strategy {
  /** metadata.generation counts changes of the spec. */
  readonly hasGeneration: boolean;
  /** An update need not name the resourceVersion it was based on. */
  readonly allowsUnconditionalUpdate: boolean;
  /** PUT of a name that does not exist makes it. */
  readonly allowsCreateOnUpdate: boolean;
  /** DELETE answers the object rather than a Status. */
  readonly returnsDeleted: boolean;
  /** What becomes of dependents when the request says nothing. */
  readonly defaultPropagation: "Orphan" | "Background";
  /** A new object may say how it stands: a Node that registers does. */
  readonly isCreatedWithStatus: boolean;
  /** A new object's first state; its status is what is left here. */
  readonly forCreate: (object: SpecObject, user: UserInfo) => SpecObject;
  /** A new object as admission left it: what its state says of what was added. */
  readonly forAdmitted: (object: SpecObject) => SpecObject;
  /** What of an update of the object itself counts; the status is put back already. */
  readonly forUpdate: (next: SpecObject, current: SpecObject) => SpecObject;
  /** Seconds between the request to delete and the end; 0: at once. null: this kind knows no grace. */
  readonly graceSeconds: ((object: SpecObject, asked: number | null) => number) | null;
  /** An object with finalizers or grace done that must stay for another reason. */
  readonly mustStay: (object: SpecObject) => boolean;
  /** What a deletion that cannot be carried out at once changes, beside the deletion's own marks. */
  readonly forDeletion: (object: SpecObject) => SpecObject;
}

export const DEFAULT_STRATEGY: Strategy = {
  hasGeneration: false,
  allowsUnconditionalUpdate: true,
  allowsCreateOnUpdate: false,
  returnsDeleted: false,
  defaultPropagation: "Background",
  isCreatedWithStatus: false,
  forCreate: (object) => object,
  forAdmitted: (object) => object,
  forUpdate: (next) => next,
  graceSeconds: null,
  mustStay: () => false,
  forDeletion: (object) => object,
};
