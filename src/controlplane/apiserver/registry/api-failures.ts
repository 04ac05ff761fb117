// The failures that clients know by their texts.
// Source: apimachinery pkg/api/errors/errors.go.
import type { Kind } from "../../../api/kinds/kind.js";
import { StatusError } from "../../../api/status.js";

/** "pods", "deployments.apps". */
export function qualified(kind: Pick<Kind, "group" | "plural">): string {
  return kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
}

function detailsOf(kind: Pick<Kind, "group" | "plural">, name: string) {
  return { name, ...(kind.group === "" ? {} : { group: kind.group }), kind: kind.plural };
}

export function notFound(kind: Pick<Kind, "group" | "plural">, name: string): StatusError {
  return new StatusError("NotFound", `${qualified(kind)} "${name}" not found`, detailsOf(kind, name));
}

export function alreadyExists(kind: Kind, name: string): StatusError {
  return new StatusError(
    "AlreadyExists",
    `${qualified(kind)} "${name}" already exists`,
    detailsOf(kind, name),
  );
}

export function conflict(kind: Kind, name: string, why: string): StatusError {
  return new StatusError(
    "Conflict",
    `Operation cannot be fulfilled on ${qualified(kind)} "${name}": ${why}`,
    detailsOf(kind, name),
  );
}

export const OPTIMISTIC_LOCK =
  "the object has been modified; please apply your changes to the latest version and try again";

export interface FieldFailure {
  readonly field: string;
  /** Without the field: "Required value: name or generateName is required". */
  readonly message: string;
  /** "FieldValueInvalid", "FieldValueRequired", "FieldValueForbidden"... */
  readonly reason: string;
}

export function invalid(kind: Kind, name: string, failures: readonly FieldFailure[]): StatusError {
  const texts = failures.map(({ field, message }) => `${field}: ${message}`);
  const text = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  const kindName = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  return new StatusError("Invalid", `${kindName} "${name}" is invalid: ${text}`, {
    name,
    ...(kind.group === "" ? {} : { group: kind.group }),
    kind: kind.kind,
    causes: failures,
  });
}

export function methodNotAllowed(kind: Pick<Kind, "group" | "plural">, verb: string): StatusError {
  return new StatusError(
    "MethodNotAllowed",
    `${verb} is not supported on resources of kind "${qualified(kind)}"`,
    {
      ...(kind.group === "" ? {} : { group: kind.group }),
      kind: kind.plural,
    },
  );
}

export function badRequest(message: string): StatusError {
  return new StatusError("BadRequest", message);
}

export function unknownPath(): StatusError {
  return new StatusError("NotFound", "the server could not find the requested resource");
}
