// Values of scalar fields: whether they are what the type says, and the one form that each is kept in.
// Source: UnmarshalJSON and MarshalJSON of apimachinery's Time, MicroTime, Quantity, IntOrString; encoding/json of Go.
import type { ScalarType, TypeSchema } from "../schema/type-schema.js";
import { canonicalQuantity } from "./quantity-text.js";

/** A value of the wrong type: `jsonType` is what stood there, as Go names it; `message` when the type has its own words. */
export class ScalarMistake {
  constructor(
    readonly jsonType: string,
    readonly message: string | null = null,
  ) {}
}

export const GO_TYPES: Readonly<Record<ScalarType, string>> = {
  string: "string",
  boolean: "bool",
  int32: "int32",
  int64: "int64",
  double: "float64",
  bytes: "[]uint8",
  quantity: "resource.Quantity",
  "int-or-string": "intstr.IntOrString",
  time: "v1.Time",
  "micro-time": "v1.MicroTime",
  any: "interface {}",
};

const INT32_MAX = 2 ** 31 - 1;
const INT64_MAX = 2 ** 63;
const UTC_SECONDS = /^\d{4}-(?:0\d|1[0-2])-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ$/;
const UTC_MICROS = /^\d{4}-(?:0\d|1[0-2])-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{6}Z$/;
const RFC_3339 =
  /^\d{4}-(?:0\d|1[0-2])-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(?:\.(\d+))?(?:Z|[+-][0-2]\d:[0-5]\d)$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The kept form of a value, which must not be null; a ScalarMistake when it is of the wrong type. */
export function readScalar(value: unknown, scalar: ScalarType): unknown {
  switch (scalar) {
    case "string":
      return typeof value === "string" ? value : mistake(value);
    case "boolean":
      return typeof value === "boolean" ? value : mistake(value);
    case "int32":
      return readInteger(value, -INT32_MAX - 1, INT32_MAX);
    case "int64":
      return readInteger(value, -INT64_MAX, INT64_MAX);
    case "double":
      return typeof value === "number" ? value : mistake(value);
    case "int-or-string":
      return typeof value === "string" ? value : readInteger(value, -INT32_MAX - 1, INT32_MAX);
    case "quantity":
      return readQuantity(value);
    case "bytes":
      return readBytes(value);
    case "time":
      return readTime(value, UTC_SECONDS, 0);
    case "micro-time":
      return readTime(value, UTC_MICROS, 6);
    case "any":
      return value;
  }
}

/** What an absent value means: what stands in for null in lists and maps. */
export function zeroValue(type: TypeSchema): unknown {
  if (type.kind === "scalar") return zeroOf(type.scalar);
  return type.kind === "list" ? [] : {};
}

function zeroOf(scalar: ScalarType): unknown {
  switch (scalar) {
    case "boolean":
      return false;
    case "int32":
    case "int64":
    case "double":
    case "int-or-string":
      return 0;
    case "quantity":
      return "0";
    case "any":
    case "time":
    case "micro-time":
      return null;
    default:
      return "";
  }
}

/** "string", "number", "bool", "object", "array": as Go names what stands in JSON. */
export function jsonTypeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

function mistake(value: unknown): ScalarMistake {
  return new ScalarMistake(jsonTypeOf(value));
}

function readInteger(value: unknown, min: number, max: number): unknown {
  if (typeof value !== "number") return mistake(value);
  const isInRange = Number.isInteger(value) && value >= min && value <= max;
  return isInRange ? value : new ScalarMistake(`number ${value}`);
}

function readQuantity(value: unknown): unknown {
  const text = typeof value === "string" ? value.trim() : typeof value === "number" ? String(value) : null;
  const canonical = text === null ? null : canonicalQuantity(text);
  if (canonical !== null) return canonical;
  return new ScalarMistake(
    jsonTypeOf(value),
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  );
}

function readBytes(value: unknown): unknown {
  if (typeof value !== "string") return mistake(value);
  const text = value.includes("\n") || value.includes("\r") ? value.replace(/[\r\n]/g, "") : value;
  if (BASE64.test(text) && text.length % 4 === 0) return text;
  const wrong = text.search(/[^A-Za-z0-9+/]/);
  return new ScalarMistake("string", `illegal base64 data at input byte ${wrong < 0 ? text.length : wrong}`);
}

function readTime(value: unknown, kept: RegExp, digits: 0 | 6): unknown {
  if (typeof value !== "string") return mistake(value);
  if (kept.test(value)) return value;
  const match = RFC_3339.exec(value);
  const millis = match === null ? Number.NaN : Date.parse(value);
  if (Number.isNaN(millis)) return new ScalarMistake("string", timeMessage(value));
  const seconds = new Date(millis).toISOString().slice(0, 19);
  return digits === 0 ? `${seconds}Z` : `${seconds}.${(match?.[1] ?? "").padEnd(6, "0").slice(0, 6)}Z`;
}

function timeMessage(value: string): string {
  const layout = "2006-01-02T15:04:05Z07:00";
  return `parsing time ${JSON.stringify(value)} as "${layout}": cannot parse ${JSON.stringify(value)} as "2006"`;
}
