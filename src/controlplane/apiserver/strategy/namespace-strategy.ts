// Namespaces: active until they are deleted, then terminating until their contents are gone.
import type { SpecObject } from "./strategy.js";

/** Stays in spec.finalizers until the namespace controller has emptied the namespace. */
const KUBERNETES = "kubernetes";

export function newNamespace(object: SpecObject): SpecObject {
  const finalizers = finalizersOf(object);
  return {
    ...object,
    spec: {
      ...object.spec,
      finalizers: finalizers.includes(KUBERNETES) ? finalizers : [...finalizers, KUBERNETES],
    },
    status: { phase: "Active" },
  };
}

export function namespaceMustStay(object: SpecObject): boolean {
  return finalizersOf(object).length > 0;
}

export function namespaceInDeletion(object: SpecObject): SpecObject {
  return { ...object, status: { ...object.status, phase: "Terminating" } };
}

function finalizersOf(object: SpecObject): readonly string[] {
  return (object.spec?.["finalizers"] as readonly string[] | undefined) ?? [];
}
