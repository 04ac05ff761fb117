// An OpenAPI 2.0 document as the protobuf message openapi.v2.Document. A table says, for each message, which key of the
// JSON goes into which field and how; keys that begin with "x-" go where the message keeps its extensions.
// Source: github.com/google/gnostic-models openapiv2/OpenAPIv2.proto.
import type { Json } from "./openapi-schemas.js";

/** Bytes of a value, without the field's tag. */
type Encode = (value: unknown) => Buffer;

interface MessageRow {
  readonly [key: string]: readonly [number: number, encode: Encode, isRepeated?: true];
}

const BYTES_WIRE_TYPE = 2;

const text: Encode = (value) => Buffer.from(String(value));
/** Any: { 2: YAML }, and JSON is YAML. */
const any: Encode = (value) => bytesField(2, Buffer.from(JSON.stringify(value)));
/** TypeItem: { 1: names }. */
const typeItem: Encode = (value) => bytesField(1, text(value));

/** Repeated { 1: name, 2: value } inside a message, in its field. */
function named(field: number, encode: Encode): Encode {
  return (value) =>
    Buffer.concat(
      Object.entries(value as Json).map(([name, inner]) =>
        bytesField(field, Buffer.concat([bytesField(1, text(name)), bytesField(2, encode(inner))])),
      ),
    );
}

function message(rows: () => MessageRow, extensions: number): Encode {
  return (value) => {
    const known = rows();
    const parts = Object.entries(value as Json).flatMap(([key, inner]) => {
      if (key.startsWith("x-")) return [bytesField(extensions, namedAny(key, inner))];
      const [number, encode, isRepeated] = known[key] ?? [0, text];
      if (number === 0) return [];
      if (inner === true) return [Buffer.concat([varint(number * 8), varint(1)])];
      return isRepeated === true
        ? (inner as readonly unknown[]).map((item) => bytesField(number, encode(item)))
        : [bytesField(number, encode(inner))];
    });
    return Buffer.concat(parts);
  };
}

function namedAny(name: string, value: unknown): Buffer {
  return Buffer.concat([bytesField(1, text(name)), bytesField(2, any(value))]);
}

const schema: Encode = message(() => SCHEMA, 31);
/** ItemsItem and the schema alternative of AdditionalPropertiesItem and SchemaItem: { 1: schema }. */
const wrappedSchema: Encode = (value) => bytesField(1, schema(value));

const SCHEMA: MessageRow = {
  $ref: [1, text],
  format: [2, text],
  description: [4, text],
  default: [5, any],
  required: [19, text, true],
  additionalProperties: [21, wrappedSchema],
  type: [22, typeItem],
  items: [23, wrappedSchema],
  properties: [25, named(1, schema)],
};

const BODY_PARAMETER: MessageRow = {
  name: [2, text],
  in: [3, text],
  required: [4, text],
  schema: [5, schema],
};
const QUERY_PARAMETER: MessageRow = { required: [1, text], in: [2, text], name: [4, text], type: [6, text] };
const PATH_PARAMETER: MessageRow = { required: [1, text], in: [2, text], name: [4, text], type: [5, text] };

/** ParametersItem { 1: Parameter { 1: body, 2: other { 3: query, 4: path } } } */
const parameter: Encode = (value) => {
  const place = (value as Json)["in"];
  if (place === "body") return bytesField(1, bytesField(1, message(() => BODY_PARAMETER, 6)(value)));
  const inner =
    place === "query"
      ? bytesField(3, message(() => QUERY_PARAMETER, 23)(value))
      : bytesField(4, message(() => PATH_PARAMETER, 22)(value));
  return bytesField(1, bytesField(2, inner));
};

const RESPONSE: MessageRow = { description: [1, text], schema: [2, wrappedSchema] };
const response: Encode = (value) => bytesField(1, message(() => RESPONSE, 5)(value));

const OPERATION: MessageRow = {
  operationId: [5, text],
  produces: [6, text, true],
  consumes: [7, text, true],
  parameters: [8, parameter, true],
  responses: [9, named(1, response)],
};
const operation: Encode = message(() => OPERATION, 13);

const PATH_ITEM: MessageRow = {
  get: [2, operation],
  put: [3, operation],
  post: [4, operation],
  delete: [5, operation],
  patch: [8, operation],
};

const INFO: MessageRow = { title: [1, text], version: [2, text] };

const DOCUMENT: MessageRow = {
  swagger: [1, text],
  info: [2, message(() => INFO, 7)],
  paths: [
    8,
    named(
      2,
      message(() => PATH_ITEM, 10),
    ),
  ],
  definitions: [9, named(1, schema)],
};

export function encodeOpenApiV2(document: Json): Uint8Array {
  return message(() => DOCUMENT, 16)(document);
}

function bytesField(number: number, payload: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + BYTES_WIRE_TYPE), varint(payload.length), payload]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
