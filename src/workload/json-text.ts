// JSON with positions: a scanner that checks a text, finds where its values stand, and what is wrong with it.
// Why of our own: JSON.parse is the fastest reader there is but tells neither lines nor duplicate keys, and a parser
// that keeps positions of 30 MB needs gigabytes. So JSON.parse makes the values and this scans the text beside it,
// iteratively and without keeping anything but the open containers. Cost: O(text), about 100 MB a second.
// Source: RFC 8259.
import { DEPTH_MAX, type TextError } from "./source-text.js";
import type { Path } from "./problems.js";

/** A checked text: the offsets of its top-level values, which white space or "---" lines may stand between. */
export type JsonScan =
  | { readonly ok: true; readonly values: readonly { readonly start: number; readonly end: number }[] }
  /** `valuesBefore`: how many whole values stand before the error. */
  | { readonly ok: false; readonly error: TextError; readonly valuesBefore: number };

/** Whether a text starts the way JSON does and YAML hardly ever: a brace or bracket, then a quote or another one. */
export function looksLikeJson(text: string): boolean {
  return /^\s*(\{\s*["}]|\[\s*["{[\]])/.test(text.slice(0, 10_000));
}

/** Check `text` against the JSON grammar; duplicate keys, "__proto__" and deep nesting are errors too. */
export function scanJson(text: string): JsonScan {
  const values: { start: number; end: number }[] = [];
  const scanner = new JsonScanner(text);
  try {
    for (let start = scanner.skipBetweenValues(); start < text.length; start = scanner.skipBetweenValues()) {
      const isOther = values.length > 0 && !/[{[]/.test(text.charAt(start));
      if (isOther)
        throw new JsonSyntaxError(start, `'${text.charAt(start)}', expected the end or another object`);
      values.push({ start, end: scanner.skipValue() });
    }
    return { ok: true, values };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return { ok: false, error, valuesBefore: values.length };
  }
}

/** Offset of the value at `path` below the value that starts at `start`, or of the nearest above it that exists. */
export function locateJson(text: string, start: number, path: Path): number {
  const scanner = new JsonScanner(text);
  let offset = start;
  for (const step of path) {
    const child = scanner.findChild(offset, step);
    if (child === null) return offset;
    offset = child;
  }
  return offset;
}

class JsonSyntaxError extends Error implements TextError {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;
const SEPARATOR = /---[ \t\r]*(?=\n|$)/y;
/** Objects with fewer keys compare them one by one, which costs less than a Set. */
const FEW_KEYS = 12;

/** A container whose end has not been seen. */
interface Open {
  readonly isArray: boolean;
  count: number;
  /** Of an object, all so far. */
  readonly keys: string[];
  keySet: Set<string> | null;
}

class JsonScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Move to the next top-level value; the result is its offset, or the text's length. */
  skipBetweenValues(): number {
    this.#match(SPACE);
    while (this.#match(SEPARATOR) !== null) this.#match(SPACE);
    return this.#at;
  }

  /** Move past the value that starts here; the result is where it ends. */
  skipValue(): number {
    const open: Open[] = [];
    this.#enter(open);
    for (let inner = open.at(-1); inner !== undefined; inner = open.at(-1)) this.#step(open, inner);
    return this.#at;
  }

  /** Offset of a direct child of the container at `offset`, or null. The text must have passed the scan. */
  findChild(offset: number, step: string | number): number | null {
    this.#at = offset;
    const isArray = typeof step === "number";
    if (this.#text[this.#at] !== (isArray ? "[" : "{")) return null;
    this.#at++;
    for (let index = 0; ; index++) {
      this.#match(SPACE);
      if (this.#text[this.#at] === ",") this.#at++;
      this.#match(SPACE);
      if (this.#text[this.#at] === (isArray ? "]" : "}")) return null;
      const name = isArray ? index : this.#key();
      if (name === step) return this.#at;
      this.skipValue();
    }
  }

  /** A value starts here: pass a scalar, open a container. */
  #enter(open: Open[]): void {
    const first = this.#text[this.#at];
    if (first === "{" || first === "[") {
      if (open.length === DEPTH_MAX)
        this.#fail(`nested deeper than ${DEPTH_MAX} levels, expected a Kubernetes object`);
      open.push({ isArray: first === "[", count: 0, keys: [], keySet: null });
      this.#at++;
    } else if (first === '"') this.#string();
    else if (this.#match(NUMBER) === null && this.#match(WORD) === null)
      this.#fail(this.#unexpected("a value"));
  }

  /** The next member or element of the innermost container, or its end. */
  #step(open: Open[], inner: Open): void {
    this.#match(SPACE);
    const closer = inner.isArray ? "]" : "}";
    if (this.#text[this.#at] === closer) {
      this.#at++;
      open.pop();
      return;
    }
    if (inner.count++ > 0) {
      if (this.#text[this.#at] !== ",") this.#fail(this.#unexpected(`',' or '${closer}'`));
      this.#at++;
      this.#match(SPACE);
    }
    if (!inner.isArray) this.#member(inner);
    this.#enter(open);
  }

  #member(inner: Open): void {
    const start = this.#at;
    const key = this.#key();
    const isKnown = inner.keySet === null ? inner.keys.includes(key) : inner.keySet.has(key);
    if (isKnown) this.#fail(`key '${key}' stands twice in one object, expected each key once`, start);
    if (key === "__proto__") this.#fail("key '__proto__', expected a field of a Kubernetes object", start);
    inner.keys.push(key);
    if (inner.keySet !== null) inner.keySet.add(key);
    else if (inner.keys.length > FEW_KEYS) inner.keySet = new Set(inner.keys);
  }

  /** A key and its colon; then a value starts here. */
  #key(): string {
    if (this.#text[this.#at] !== '"') this.#fail(this.#unexpected("a key in double quotes"));
    const quoted = this.#string();
    this.#match(SPACE);
    if (this.#text[this.#at] !== ":") this.#fail(this.#unexpected("':'"));
    this.#at++;
    this.#match(SPACE);
    return quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  }

  /** Character by character: a pattern for whole strings overflows the matcher's stack on long ones. */
  #string(): string {
    const start = this.#at++;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === 0x22) return this.#text.slice(start, ++this.#at);
      if (code === 0x5c) {
        if (this.#match(ESCAPE) === null) this.#fail("broken escape, expected one that JSON has");
      } else if (code >= 0x20) this.#at++;
      else this.#fail("broken string, expected a closing '\"' on the same line");
    }
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return null;
    const start = this.#at;
    this.#at = pattern.lastIndex;
    return this.#text.slice(start, this.#at);
  }

  #unexpected(expected: string): string {
    const found = this.#text[this.#at];
    return `${found === undefined ? "the text ends" : `'${found}'`}, expected ${expected}`;
  }

  #fail(message: string, offset = this.#at): never {
    throw new JsonSyntaxError(offset, message);
  }
}
