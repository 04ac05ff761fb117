// Types as OpenAPI writes them. Two dialects: 3.0, which has `allOf` beside a reference, and 2.0, which has not.
// Source: kubernetes api/openapi-spec, shape of components.schemas and definitions.
import type { Descriptions } from "../descriptions.js";
import type { FieldSchema, ObjectSchema, ScalarType, TypeSchema } from "../type-schema.js";

export type Json = { readonly [key: string]: unknown };

export type Dialect = "3.0" | "2.0";

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";

/** Scalars that are types of their own: name, and what they are. */
const NAMED: ReadonlyMap<ScalarType, readonly [name: string, v3: Json, v2: Json]> = new Map([
  ["time", [`${META}.Time`, stringOf("date-time"), stringOf("date-time")]],
  ["micro-time", [`${META}.MicroTime`, stringOf("date-time"), stringOf("date-time")]],
  [
    "quantity",
    [
      "io.k8s.apimachinery.pkg.api.resource.Quantity",
      { oneOf: [{ type: "string" }, { type: "number" }] },
      { type: "string" },
    ],
  ],
  [
    "int-or-string",
    [
      "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
      { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] },
      stringOf("int-or-string"),
    ],
  ],
]);

const PLAIN: Readonly<Partial<Record<ScalarType, Json>>> = {
  string: { type: "string" },
  boolean: { type: "boolean" },
  int32: { format: "int32", type: "integer" },
  int64: { format: "int64", type: "integer" },
  double: { format: "double", type: "number" },
  bytes: stringOf("byte"),
  any: {},
};

function stringOf(format: string): Json {
  return { format, type: "string" };
}

export function referenceTo(name: string, dialect: Dialect): string {
  return `${dialect === "3.0" ? "#/components/schemas" : "#/definitions"}/${name}`;
}

/**
 * The schemas of the given types and of all that they name, sorted by name.
 *
 * @param kindsByType groups, versions and kinds that are written into the schema of a type
 */
export function schemasOf(
  roots: readonly ObjectSchema[],
  kindsByType: ReadonlyMap<string, readonly GroupVersionKind[]>,
  dialect: Dialect,
  descriptions: Descriptions,
): Json {
  const found = new Map<string, Json>();
  const visit = (type: TypeSchema): void => {
    if (type.kind === "list") visit(type.items);
    else if (type.kind === "map") visit(type.values);
    else if (type.kind === "scalar") {
      const named = NAMED.get(type.scalar);
      if (named === undefined) return;
      const [name, v3, v2] = named;
      found.set(name, { ...described(descriptions[name]?.[""]), ...(dialect === "3.0" ? v3 : v2) });
    } else if (!found.has(type.name)) {
      found.set(type.name, {});
      for (const field of type.fields.values()) visit(field.type);
      found.set(
        type.name,
        objectJson(type, kindsByType.get(type.name), dialect, descriptions[type.name] ?? {}),
      );
    }
  };
  for (const root of roots) visit(root);
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function objectJson(
  schema: ObjectSchema,
  kinds: readonly GroupVersionKind[] | undefined,
  dialect: Dialect,
  texts: Descriptions[string],
): Json {
  const fields = [...schema.fields.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const required = fields.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  const properties = fields.map(
    (field) => [field.name, { ...fieldJson(field, dialect), ...described(texts[field.name]) }] as const,
  );
  return {
    ...described(texts[""]),
    ...(fields.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
    ...(required.length === 0 ? {} : { required }),
    type: "object",
    ...(kinds === undefined ? {} : { "x-kubernetes-group-version-kind": kinds }),
    // What the type says of itself; a field that sees it otherwise says so beside its reference.
    ...(schema.isAtomic ? { "x-kubernetes-map-type": "atomic" } : {}),
  };
}

function described(text: string | undefined): Json {
  return text === undefined ? {} : { description: text };
}

function fieldJson(field: FieldSchema, dialect: Dialect): Json {
  const { type, patchStrategy, mergeKey } = field;
  const fallback = dialect === "2.0" ? undefined : (field.default ?? zeroDefault(field));
  return {
    ...typeJson(type, dialect),
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(mergeKey === null ? {} : { "x-kubernetes-patch-merge-key": mergeKey }),
    ...(patchStrategy.length === 0 ? {} : { "x-kubernetes-patch-strategy": patchStrategy.join(",") }),
  };
}

/** What Go has in a field that is not given, where it is always written. */
function zeroDefault({ type, isPointer, omitsEmpty }: FieldSchema): unknown {
  if (isPointer || type.kind === "list" || type.kind === "map") return undefined;
  if (type.kind === "object") return {};
  if (omitsEmpty) return undefined;
  if (type.scalar === "string") return "";
  if (type.scalar === "int32" || type.scalar === "int64") return 0;
  return type.scalar === "boolean" ? false : undefined;
}

function typeJson(type: TypeSchema, dialect: Dialect): Json {
  switch (type.kind) {
    case "object":
      return reference(type.name, dialect);
    case "list":
      return {
        items: typeJson(type.items, dialect),
        type: "array",
        ...(type.listType === "map" ? { "x-kubernetes-list-map-keys": type.mapKeys } : {}),
        "x-kubernetes-list-type": type.listType,
      };
    case "map":
      return {
        additionalProperties: typeJson(type.values, dialect),
        type: "object",
        ...(type.isAtomic ? { "x-kubernetes-map-type": "atomic" } : {}),
      };
    case "scalar": {
      const named = NAMED.get(type.scalar);
      return named === undefined ? (PLAIN[type.scalar] ?? {}) : reference(named[0], dialect);
    }
  }
}

function reference(name: string, dialect: Dialect): Json {
  const $ref = referenceTo(name, dialect);
  return dialect === "3.0" ? { allOf: [{ $ref }] } : { $ref };
}
