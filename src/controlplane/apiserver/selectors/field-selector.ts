// Field selectors: "metadata.name=web-0,status.phase!=Failed". Only the fields that a kind names can be selected by.
// Source: apimachinery pkg/fields/selector.go (grammar, escapes); the lists of fields: pkg/registry/*/strategy.go.
import type { Kind } from "../../../api/kinds/kind.js";
import type { KubeObject } from "../../../api/meta.js";
import { StatusError } from "../../../api/status.js";
import { FIELD_READERS, type FieldReader } from "./selectable-fields.js";

export interface FieldTerm {
  readonly field: string;
  readonly isEqual: boolean;
  readonly value: string;
}

export type ObjectTest = (object: KubeObject) => boolean;

export interface FieldSelector {
  readonly test: ObjectTest;
  readonly terms: readonly FieldTerm[];
}

/** Null: it selects everything. @throws {StatusError} BadRequest for what cannot be read or selected by */
export function fieldSelector(kind: Kind, selector: string): FieldSelector | null {
  if (selector.trim() === "") return null;
  const terms = splitUnescaped(selector, ",")
    .filter((term) => term !== "")
    .map((term) => termOf(selector, term));
  const tests = terms.map((term) => testOf(kind, term));
  return { terms, test: (object) => tests.every((test) => test(object)) };
}

/** The value that a field must have, when the selector says so. */
export function wantedValue(selector: FieldSelector | null, field: string): string | null {
  return selector?.terms.find((term) => term.field === field && term.isEqual)?.value ?? null;
}

function termOf(selector: string, term: string): FieldTerm {
  for (let index = 0; index < term.length; index++) {
    if (term[index] === "\\") index++;
    else {
      const operator = ["!=", "==", "="].find((each) => term.startsWith(each, index));
      if (operator !== undefined)
        return {
          field: term.slice(0, index).trim(),
          isEqual: operator !== "!=",
          value: unescaped(selector, term.slice(index + operator.length)),
        };
    }
  }
  throw new StatusError("BadRequest", `invalid selector: '${selector}'; can't understand '${term}'`);
}

function testOf(kind: Kind, { field, isEqual, value }: FieldTerm): ObjectTest {
  const read = readerOf(kind, field);
  if (read === undefined) throw new StatusError("BadRequest", `field label not supported: ${field}`);
  return (object) => (read(object) === value) === isEqual;
}

function readerOf(kind: Kind, field: string): FieldReader | undefined {
  if (field === "metadata.name") return (object) => object.metadata.name;
  if (field === "metadata.namespace" && kind.isNamespaced) return (object) => object.metadata.namespace ?? "";
  return FIELD_READERS.get(`${kind.group}/${kind.plural}`)?.get(field);
}

function splitUnescaped(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === "\\") index++;
    else if (text[index] === separator) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function unescaped(selector: string, value: string): string {
  return value.replace(/\\(.?)/g, (sequence, char: string) => {
    if (char === "\\" || char === "," || char === "=") return char;
    throw new StatusError(
      "BadRequest",
      `invalid field selector '${selector}': invalid escape sequence '${sequence}'`,
    );
  });
}
