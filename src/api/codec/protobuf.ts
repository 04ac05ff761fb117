// Kubernetes' protobuf: "k8s\0", then runtime.Unknown with the kind and the object's bytes. Read along the same schemas as
// JSON, into the same form. Go writes zero values of plain fields; they are dropped as JSON's omitempty drops them.
//
//   6b 38 73 00 | Unknown { 1: TypeMeta { 1: apiVersion, 2: kind }, 2: raw bytes of the object, 3, 4: encodings }
//
// Source: apimachinery pkg/runtime/serializer/protobuf; generated.proto of k8s.io/api and apimachinery.
import { LIMITS } from "../../base/limits.js";
import { setMember } from "../own-member.js";
import type { FieldSchema, ListSchema, ObjectSchema, ScalarType, TypeSchema } from "../schema/type-schema.js";
import { StatusError } from "../status.js";
import { depthExceeded } from "./json-text.js";
import { ProtobufError, ProtobufReader, WIRE_BYTES } from "./protobuf-reader.js";
import { canonicalQuantity } from "./quantity-text.js";
import { zeroValue } from "./scalars.js";

export const PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf";

const MAGIC = Buffer.from("k8s\0");

type Json = Record<string, unknown>;

export function isProtobuf(body: Uint8Array): boolean {
  return MAGIC.every((byte, index) => body[index] === byte);
}

/**
 * @param schemaFor the schema of a kind; it may throw for kinds that are not expected
 * @returns the object as it would be in JSON, with apiVersion and kind where the envelope says them
 * @throws {StatusError} BadRequest when the bytes are malformed
 */
export function decodeProtobuf(
  body: Uint8Array,
  schemaFor: (apiVersion: string, kind: string) => ObjectSchema,
): object {
  if (!isProtobuf(body))
    throw new StatusError(
      "BadRequest",
      "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
    );
  try {
    const { apiVersion, kind, raw } = readEnvelope(
      Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    );
    const object = readMessage(new ProtobufReader(raw), schemaFor(apiVersion, kind), 0);
    return { ...(apiVersion === "" ? {} : { apiVersion }), ...(kind === "" ? {} : { kind }), ...object };
  } catch (error) {
    if (error instanceof ProtobufError) throw new StatusError("BadRequest", error.message);
    throw error;
  }
}

function readEnvelope(body: Buffer): { apiVersion: string; kind: string; raw: Buffer } {
  const reader = new ProtobufReader(body, MAGIC.length);
  const envelope = { apiVersion: "", kind: "", raw: Buffer.alloc(0) };
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === tagOf(1)) readTypeMeta(reader.message(), envelope);
    else if (tag === tagOf(2)) envelope.raw = reader.data() as typeof envelope.raw;
    else reader.skip(tag & 7);
  }
  return envelope;
}

function tagOf(number: number): number {
  return number * 8 + WIRE_BYTES;
}

function readTypeMeta(reader: ProtobufReader, envelope: { apiVersion: string; kind: string }): void {
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === tagOf(1)) envelope.apiVersion = reader.string();
    else if (tag === tagOf(2)) envelope.kind = reader.string();
    else reader.skip(tag & 7);
  }
}

/** Fields of a message by number: what is read for each. */
interface MessagePlan {
  readonly fields: ReadonlyMap<number, FieldSchema>;
  readonly inlined: ReadonlyMap<number, ObjectSchema>;
}

const plans = new WeakMap<ObjectSchema, MessagePlan>();

function planOf(schema: ObjectSchema): MessagePlan {
  const known = plans.get(schema);
  if (known !== undefined) return known;
  const numbered = [...schema.fields.values()].filter(({ protobufNumber }) => protobufNumber > 0);
  const plan: MessagePlan = {
    fields: new Map(numbered.map((field) => [field.protobufNumber, field])),
    inlined: schema.inlined,
  };
  plans.set(schema, plan);
  return plan;
}

function readMessage(reader: ProtobufReader, schema: ObjectSchema, depth: number): Json {
  if (depth > LIMITS.OBJECT_DEPTH_MAX) throw depthExceeded();
  const { fields, inlined } = planOf(schema);
  const object: Json = {};
  while (reader.hasMore) {
    const tag = reader.tag();
    const [number, wireType] = [tag >>> 3, tag & 7];
    const field = fields.get(number);
    const inline = field === undefined ? inlined.get(number) : undefined;
    if (field !== undefined) readField(reader, field, wireType, object, depth);
    else if (inline !== undefined) Object.assign(object, readMessage(reader.message(), inline, depth + 1));
    else reader.skip(wireType);
  }
  return object;
}

function readField(
  reader: ProtobufReader,
  field: FieldSchema,
  wireType: number,
  object: Json,
  depth: number,
): void {
  const { name, type } = field;
  if (type.kind === "list") {
    object[name] = readItems(reader, type, wireType, object[name] as unknown[] | undefined, depth);
    return;
  }
  if (type.kind === "map") {
    object[name] = readEntry(reader, type.values, (object[name] as Json | undefined) ?? {}, depth);
    return;
  }
  const value = readValue(reader, type, wireType, depth);
  if (value !== undefined && !(isZero(value, type) && field.omitsEmpty && !field.isPointer))
    object[name] = value;
}

/** Of a scalar that stands for itself on the wire; a wrapped one (Time, Quantity) is there or not. */
function isZero(value: unknown, type: TypeSchema): boolean {
  if (type.kind !== "scalar" || type.scalar === "int-or-string") return false;
  return value === "" || value === 0 || value === false;
}

function readItems(
  reader: ProtobufReader,
  type: ListSchema,
  wireType: number,
  before: unknown[] | undefined,
  depth: number,
): unknown[] {
  const items = before ?? [];
  const isPacked = wireType === WIRE_BYTES && isNumber(type.items);
  if (!isPacked) {
    items.push(readValue(reader, type.items, wireType, depth) ?? zeroValue(type.items));
    return items;
  }
  const packed = reader.message();
  while (packed.hasMore) items.push(readValue(packed, type.items, 0, depth));
  return items;
}

function isNumber(type: TypeSchema): boolean {
  return type.kind === "scalar" && ["int32", "int64", "boolean"].includes(type.scalar);
}

/** A map on the wire is a repeated message of 1: key, 2: value. */
function readEntry(reader: ProtobufReader, values: TypeSchema, map: Json, depth: number): Json {
  const entry = reader.message();
  let key = "";
  let value: unknown;
  while (entry.hasMore) {
    const tag = entry.tag();
    if (tag >>> 3 === 1) key = entry.string();
    else if (tag >>> 3 === 2) value = readValue(entry, values, tag & 7, depth);
    else entry.skip(tag & 7);
  }
  if (key === "__proto__" && values.kind !== "scalar")
    throw new ProtobufError('the key "__proto__" is not allowed');
  setMember(map, key, value ?? zeroValue(values));
  return map;
}

/** undefined: an empty wrapper, which Go reads as no value. */
function readValue(reader: ProtobufReader, type: TypeSchema, wireType: number, depth: number): unknown {
  if (type.kind === "scalar") return readScalarValue(reader, type.scalar, wireType);
  expectBytes(wireType);
  if (type.kind === "object")
    return type.isOpen ? readOpen(reader.message()) : readMessage(reader.message(), type, depth + 1);
  // A list inside a list or map is a message of its own: { repeated items = 1 }.
  if (type.kind === "list") return readWrappedList(reader.message(), type, depth);
  throw new ProtobufError("proto: a map inside a list or map has no wire format");
}

function expectBytes(wireType: number): void {
  if (wireType !== WIRE_BYTES) throw new ProtobufError(`proto: wrong wireType = ${wireType} for a message`);
}

function readWrappedList(reader: ProtobufReader, type: ListSchema, depth: number): unknown[] {
  let items: unknown[] = [];
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag >>> 3 === 1) items = readItems(reader, type, tag & 7, items, depth);
    else reader.skip(tag & 7);
  }
  return items;
}

function readScalarValue(reader: ProtobufReader, scalar: ScalarType, wireType: number): unknown {
  const isVarint = scalar === "boolean" || scalar === "int32" || scalar === "int64";
  const expected = isVarint ? 0 : scalar === "double" ? 1 : WIRE_BYTES;
  if (wireType !== expected) throw new ProtobufError(`proto: wrong wireType = ${wireType} for a ${scalar}`);
  switch (scalar) {
    case "boolean":
      return reader.boolean();
    case "int32":
      return reader.int32();
    case "int64":
      return reader.int64();
    case "double":
      return reader.double();
    case "bytes":
      return reader.data().toString("base64");
    case "quantity":
      return readQuantity(reader.message());
    case "int-or-string":
      return readIntOrString(reader.message());
    case "time":
    case "micro-time":
      return readTime(reader.message(), scalar);
    default:
      return reader.string();
  }
}

function readQuantity(reader: ProtobufReader): string {
  let text = "0";
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === tagOf(1)) text = reader.string();
    else reader.skip(tag & 7);
  }
  const canonical = canonicalQuantity(text);
  if (canonical === null) throw new ProtobufError(`unable to parse quantity ${JSON.stringify(text)}`);
  return canonical;
}

/** { 1: type (0: number, 1: text), 2: number, 3: text } */
function readIntOrString(reader: ProtobufReader): string | number {
  let [isText, number, text] = [false, 0, ""];
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 1 * 8) isText = reader.int64() === 1;
    else if (tag === 2 * 8) number = reader.int32();
    else if (tag === tagOf(3)) text = reader.string();
    else reader.skip(tag & 7);
  }
  return isText ? text : number;
}

const SECONDS_MAX = 253_402_300_799;

/** { 1: seconds, 2: nanos } since 1970. */
function readTime(reader: ProtobufReader, scalar: "time" | "micro-time"): string | undefined {
  if (!reader.hasMore) return undefined;
  let [seconds, nanos] = [0, 0];
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 1 * 8) seconds = reader.int64();
    else if (tag === 2 * 8) nanos = reader.int32();
    else reader.skip(tag & 7);
  }
  if (Math.abs(seconds) > SECONDS_MAX) throw new ProtobufError(`proto: no time of ${seconds} seconds`);
  const text = new Date(seconds * 1000).toISOString().slice(0, -".000Z".length);
  if (scalar === "time") return `${text}Z`;
  return `${text}.${String(Math.trunc(nanos / 1000)).padStart(6, "0")}Z`;
}

/** RawExtension and FieldsV1: { 1: JSON text }. */
function readOpen(reader: ProtobufReader): unknown {
  let json: Buffer | null = null;
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === tagOf(1)) json = reader.data();
    else reader.skip(tag & 7);
  }
  if (json === null || json.length === 0) return undefined;
  try {
    return JSON.parse(json.toString("utf8"));
  } catch {
    throw new ProtobufError("proto: an embedded object is no JSON");
  }
}
