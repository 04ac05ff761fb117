// JSON text as it comes from a client: untrusted, measured before it is parsed, and read a second time only when it says
// something twice.
// Why: JSON.parse keeps the last of two equal keys and says nothing. One pass over the bytes counts the colons outside of
// strings, which is the number of keys that were written; what the parsed tree holds less was written twice.
// Cost: about 1 ns a byte; the second reading only when the numbers differ.
import { isUtf8 } from "node:buffer";
import { LIMITS } from "../../base/limits.js";
import { StatusError } from "../status.js";
import type { TypeSchema } from "../schema/type-schema.js";
import { joinKey } from "./field-path.js";

export interface ParsedJson {
  readonly value: unknown;
  /** Keys that the text holds, in all objects together. */
  readonly keyCount: number;
  readonly text: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
/** As many are reported as upstream does. */
const PROBLEMS_MAX = 100;

/**
 * @throws {SyntaxError} with the wording of Go's decoder where it is simple
 * @throws {StatusError} BadRequest for bytes that are not UTF-8 and for nesting deeper than OBJECT_DEPTH_MAX
 */
export function parseJson(bytes: Uint8Array): ParsedJson {
  const text = decodeText(bytes);
  const keyCount = measure(bytes);
  try {
    return { value: JSON.parse(text), keyCount, text };
  } catch (error) {
    throw new SyntaxError(goSyntaxMessage(text, error));
  }
}

/** @throws {StatusError} BadRequest when the bytes are not UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new StatusError("BadRequest", "the body of the request is not valid UTF-8");
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

export function depthExceeded(): StatusError {
  return new StatusError(
    "BadRequest",
    `the body of the request is nested deeper than ${LIMITS.OBJECT_DEPTH_MAX} levels`,
  );
}

/** Keys in the text. Text that is no JSON gives any number: the parser refuses it afterwards. */
function measure(bytes: Uint8Array): number {
  let keyCount = 0;
  let depth = 0;
  for (let offset = 0; offset < bytes.length; offset += 1) {
    const byte = bytes[offset];
    if (byte === QUOTE) offset = endOfString(bytes, offset);
    else if (byte === COLON) keyCount += 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth > LIMITS.OBJECT_DEPTH_MAX) throw depthExceeded();
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
  }
  return keyCount;
}

/** Offset of the closing quote; the length of the text when there is none. */
function endOfString(bytes: Uint8Array, start: number): number {
  let offset = start + 1;
  while (offset < bytes.length && bytes[offset] !== QUOTE) offset += bytes[offset] === BACKSLASH ? 2 : 1;
  return offset;
}

/** What V8 says -> where Go says that the character stood. */
const SYNTAX_PLACES: readonly (readonly [v8: RegExp, go: string])[] = [
  [/property name/, "looking for beginning of object key string"],
  [/after array element/, "after array element"],
  [/after property name/, "after object key"],
  [/after property value/, "after object key:value pair"],
  [/escape/, "in string escape code"],
  [/control character/, "in string literal"],
  [/after JSON/, "after top-level value"],
];

function goSyntaxMessage(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/Unexpected end|Unterminated/.test(message)) return "unexpected end of JSON input";
  const position = /position (\d+)/.exec(message)?.[1];
  const token = /^Unexpected token '(.+?)',/u.exec(message)?.[1];
  const character = position === undefined ? token : text[Number(position)];
  const place = SYNTAX_PLACES.find(([v8]) => v8.test(message))?.[1] ?? "looking for beginning of value";
  return `invalid character ${goQuoteCharacter(character ?? text.trim().charAt(0))} ${place}`;
}

function goQuoteCharacter(character: string): string {
  if (character === "'") return "'\\''";
  return character === '"' ? `'"'` : `'${JSON.stringify(character).slice(1, -1)}'`;
}

/**
 * Unknown and duplicate fields of JSON text, in its order, worded as upstream does in strict mode. What an unknown field
 * holds is not looked at.
 *
 * @param text must be valid JSON
 */
export function fieldProblems(text: string, schema: TypeSchema): readonly string[] {
  const scanner = new Scanner(text);
  scanner.value(schema, "");
  return [...scanner.problems].slice(0, PROBLEMS_MAX);
}

/** Walks valid JSON along a schema. A type of null: not looked at; undefined: of any shape. */
class Scanner {
  readonly problems = new Set<string>();
  #offset = 0;

  constructor(private readonly text: string) {}

  value(type: TypeSchema | null | undefined, path: string): void {
    const next = this.#peek();
    if (next === OPEN_BRACE) this.#object(type, path);
    else if (next === OPEN_BRACKET) this.#list(type, path);
    else if (next === QUOTE) this.#string();
    else this.#offset = this.#endOfWord();
  }

  #object(type: TypeSchema | null | undefined, path: string): void {
    const seen = new Set<string>();
    this.#offset += 1;
    while (this.#peek() !== CLOSE_BRACE) {
      const key = this.#string();
      const inner = joinKey(path, key);
      const member = type === null ? null : memberType(type, key);
      if (type !== null && member === null) this.problems.add(`unknown field ${JSON.stringify(inner)}`);
      else if (type !== null && seen.has(key)) this.problems.add(`duplicate field ${JSON.stringify(inner)}`);
      seen.add(key);
      this.#skip(COLON);
      this.value(member, inner);
      this.#skip(COMMA);
    }
    this.#offset += 1;
  }

  #list(type: TypeSchema | null | undefined, path: string): void {
    const items = type === null ? null : type?.kind === "list" ? type.items : undefined;
    this.#offset += 1;
    for (let index = 0; this.#peek() !== CLOSE_BRACKET; index += 1) {
      this.value(items, `${path}[${index}]`);
      this.#skip(COMMA);
    }
    this.#offset += 1;
  }

  #string(): string {
    this.#peek();
    const start = this.#offset;
    let end = start + 1;
    while (this.text.charCodeAt(end) !== QUOTE) end += this.text.charCodeAt(end) === BACKSLASH ? 2 : 1;
    this.#offset = end + 1;
    return JSON.parse(this.text.slice(start, end + 1));
  }

  /** The next character that is no space. */
  #peek(): number {
    while (this.text.charCodeAt(this.#offset) <= 0x20) this.#offset += 1;
    return this.text.charCodeAt(this.#offset);
  }

  #skip(character: number): void {
    if (this.#peek() === character) this.#offset += 1;
  }

  #endOfWord(): number {
    const rest = /[,\]}\s]|$/g;
    rest.lastIndex = this.#offset;
    return rest.exec(this.text)?.index ?? this.text.length;
  }
}

/** null: there is no such field. */
function memberType(type: TypeSchema | undefined, key: string): TypeSchema | null | undefined {
  if (type === undefined || type.kind === "scalar" || type.kind === "list") return undefined;
  if (type.kind === "map") return type.values;
  return type.isOpen ? undefined : (type.fields.get(key)?.type ?? null);
}
