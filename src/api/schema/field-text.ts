// One field of types.json: "6 [containerPort,protocol]io.k8s.api.core.v1.ContainerPort omit patch=merge key=containerPort"
// is number, type, flags. In types, "[]" and "{}" stand before what a list or map holds, with "[set]", "[key,...]" and
// "{atomic}"; "!atomic" and "!granular" after a struct say how this one field sees it.
import { assert } from "../../base/assert.js";
import {
  type FieldSchema,
  type ListSchema,
  type MapSchema,
  type ObjectSchema,
  SCALAR_TYPES,
  type ScalarSchema,
  type ScalarType,
  type TypeSchema,
} from "./type-schema.js";

/** Finds the struct of a name; `isAtomic` overrides what the struct says itself. */
export type FindStruct = (name: string, isAtomic?: boolean) => ObjectSchema;

const SCALARS: ReadonlyMap<string, ScalarSchema> = new Map(
  SCALAR_TYPES.map((scalar: ScalarType) => [scalar, { kind: "scalar", scalar }]),
);
const PATCH_STRATEGIES = ["merge", "replace", "retainKeys"] as const;

export function parseField(name: string, text: string, findStruct: FindStruct): FieldSchema {
  const [number = "", type = "", ...flags] = text.split(" ");
  const flagValue = (flag: string) =>
    flags.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
  const fallback = flagValue("default");
  const strategies = flagValue("patch")?.split(",") ?? [];
  return {
    name,
    type: parseType(type, findStruct),
    isRequired: flags.includes("required"),
    default: fallback === undefined ? undefined : JSON.parse(fallback),
    patchStrategy: PATCH_STRATEGIES.filter((strategy) => strategies.includes(strategy)),
    mergeKey: flagValue("key") ?? null,
    isPointer: flags.includes("pointer"),
    omitsEmpty: flags.includes("omit"),
    protobufNumber: Number(number),
  };
}

function parseType(text: string, findStruct: FindStruct): TypeSchema {
  if (text.startsWith("[")) return parseList(text, findStruct);
  if (text.startsWith("{")) return parseMap(text, findStruct);
  const scalar = SCALARS.get(text);
  if (scalar !== undefined) return scalar;
  const [name = "", mapType] = text.split("!");
  assert(name.includes("."), `type '${text}' is neither a scalar nor a struct`);
  return mapType === undefined ? findStruct(name) : findStruct(name, mapType === "atomic");
}

function parseList(text: string, findStruct: FindStruct): ListSchema {
  const end = text.indexOf("]");
  const inside = text.slice(1, end);
  const listType = inside === "" ? "atomic" : inside === "set" ? "set" : "map";
  const mapKeys = listType === "map" ? inside.split(",") : [];
  return { kind: "list", items: parseType(text.slice(end + 1), findStruct), listType, mapKeys };
}

function parseMap(text: string, findStruct: FindStruct): MapSchema {
  const end = text.indexOf("}");
  const isAtomic = text.slice(1, end) === "atomic";
  return { kind: "map", values: parseType(text.slice(end + 1), findStruct), isAtomic };
}
