// The shape of API types, as far as a server must know it: to refuse unknown fields, to merge patches, to track who owns
// which field, to read protobuf, to describe itself.
// Source: Kubernetes OpenAPI v3 and generated.proto files of k8s.io/api.

export type TypeSchema = ObjectSchema | ListSchema | MapSchema | ScalarSchema;

export interface ObjectSchema {
  readonly kind: "object";
  /** "io.k8s.api.core.v1.PodSpec" */
  readonly name: string;
  readonly fields: ReadonlyMap<string, FieldSchema>;
  /** Owned and replaced as a whole by server-side apply. */
  readonly isAtomic: boolean;
  /** Holds whatever is put in: RawExtension, FieldsV1. */
  readonly isOpen: boolean;
  /** Structs whose fields stand among this one's in JSON, but in a message of their own on the wire: by field number. */
  readonly inlined: ReadonlyMap<number, ObjectSchema>;
}

export interface ListSchema {
  readonly kind: "list";
  readonly items: TypeSchema;
  readonly listType: "atomic" | "set" | "map";
  /** Of listType map: what tells items apart, e.g. ["containerPort", "protocol"]. */
  readonly mapKeys: readonly string[];
}

export interface MapSchema {
  readonly kind: "map";
  readonly values: TypeSchema;
  readonly isAtomic: boolean;
}

export interface ScalarSchema {
  readonly kind: "scalar";
  readonly scalar: ScalarType;
}

export const SCALAR_TYPES = [
  "string",
  "boolean",
  "int32",
  "int64",
  "double",
  "bytes",
  "quantity",
  "int-or-string",
  "time",
  "micro-time",
  "any",
] as const;

export type ScalarType = (typeof SCALAR_TYPES)[number];

export interface FieldSchema {
  readonly name: string;
  readonly type: TypeSchema;
  readonly isRequired: boolean;
  /** Undefined: none. */
  readonly default: unknown;
  /** x-kubernetes-patch-strategy; empty: replace. */
  readonly patchStrategy: readonly ("merge" | "replace" | "retainKeys")[];
  /** x-kubernetes-patch-merge-key of a list that is merged; null for lists of scalars and the rest. */
  readonly mergeKey: string | null;
  /** Tells zero from absent; of other fields a zero value says nothing. */
  readonly isPointer: boolean;
  /** Not written when empty. */
  readonly omitsEmpty: boolean;
  /** Field number on the wire; 0: none, or it is written inside an inlined struct. */
  readonly protobufNumber: number;
}
