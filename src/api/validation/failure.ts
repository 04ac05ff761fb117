// What is wrong with a field, in the words that users know.
// Source: apimachinery pkg/util/validation/field/errors.go, pkg/util/validation/validation.go.
import type { StatusCause } from "../status.js";

/** A cause whose message does not repeat the field. */
export interface Failure extends StatusCause {
  readonly field: string;
}

export function required(field: string, why = ""): Failure {
  return { reason: "FieldValueRequired", field, message: detailed("Required value", why) };
}

export function invalidValue(field: string, value: unknown, why: string): Failure {
  return { reason: "FieldValueInvalid", field, message: detailed(`Invalid value: ${valueText(value)}`, why) };
}

export function unsupported(field: string, value: unknown, supported: readonly string[]): Failure {
  const listed = supported.map((each) => JSON.stringify(each)).join(", ");
  return {
    reason: "FieldValueNotSupported",
    field,
    message: `Unsupported value: ${valueText(value)}: supported values: ${listed}`,
  };
}

export function duplicate(field: string, value: unknown): Failure {
  return { reason: "FieldValueDuplicate", field, message: `Duplicate value: ${valueText(value)}` };
}

export function forbiddenField(field: string, why: string): Failure {
  return { reason: "FieldValueForbidden", field, message: `Forbidden: ${why}` };
}

export function notFoundValue(field: string, value: unknown): Failure {
  return { reason: "FieldValueNotFound", field, message: `Not found: ${valueText(value)}` };
}

export function tooLong(field: string, bytesMax: number): Failure {
  return { reason: "FieldValueTooLong", field, message: `Too long: may not be more than ${bytesMax} bytes` };
}

export function tooMany(field: string, count: number, most: number): Failure {
  return {
    reason: "FieldValueTooMany",
    field,
    message: `Too many: ${count}: must have at most ${most} item${most === 1 ? "" : "s"}`,
  };
}

/** Of a whole that is too large to be shown. */
export function invalidWhole(field: string, why: string): Failure {
  return { reason: "FieldValueInvalid", field, message: detailed("Invalid value", why) };
}

export const IMMUTABLE = "field is immutable";
export const NOT_NEGATIVE = "must be greater than or equal to 0";

function detailed(what: string, why: string): string {
  return why === "" ? what : `${what}: ${why}`;
}

/** As Go's field errors print it. */
function valueText(value: unknown): string {
  return value === undefined ? "null" : JSON.stringify(value);
}
