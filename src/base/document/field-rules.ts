// Ways to make a field stricter or more forgiving: what may be left out, what a mistake does to the rest of the
// document, and rules about several values of one field that point at the one to mend.
import { type Field, INVALID, optional } from "./fields.js";
import { joinPath, type Problem, type SourceNode } from "./source-tree.js";

/** `value` when the key is missing or holds null, which Kubernetes does not tell apart. */
export function omittable<T>(field: Field<T>, value: T): Field<T> {
  return {
    ...optional(field, value),
    read: (node, at, problems) => (isNull(node) ? value : field.read(node, at, problems)),
  };
}

/**
 * Like `omittable`, and a mistake reads as `value` too, so that what depends on the rest is still checked.
 * It is reported all the same: who reads must look at the problems, not only for INVALID.
 */
export function recovered<T>(field: Field<T>, value: T): Field<T> {
  const inner = omittable(field, value);
  return {
    ...inner,
    read(node, at, problems) {
      const read = inner.read(node, at, problems);
      return read === INVALID ? value : read;
    },
  };
}

/** What is wrong, and below which keys and indices of the field. */
export interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A field with rules about several of its values. A fault is placed at the deepest node of its path that exists. */
export function checkedWithin<T>(field: Field<T>, faults: (value: T) => readonly Fault[]): Field<T> {
  return {
    ...field,
    read(node, at, problems) {
      const value = field.read(node, at, problems);
      if (value === INVALID) return INVALID;
      const found = faults(value);
      for (const fault of found) problems.push(placed(fault, node, at));
      return found.length === 0 ? value : INVALID;
    },
  };
}

/** The faults of a list in which two entries have the same `identity`; null is like no other. */
export function repetitions<T>(
  entries: readonly T[],
  identity: (entry: T) => string | null,
  path: Fault["path"] = [],
): readonly Fault[] {
  const first = new Map<string, number>();
  return entries.flatMap((entry, index) => {
    const id = identity(entry);
    const earlier = id === null ? undefined : first.get(id);
    if (id !== null && earlier === undefined) first.set(id, index);
    return earlier === undefined
      ? []
      : [{ path: [index, ...path], message: `repeats "${id}" of entry ${earlier}` }];
  });
}

function placed({ path, message }: Fault, node: SourceNode, at: string): Problem {
  let deepest: SourceNode | null = node;
  let position = node.at;
  let name = at;
  for (const step of path) {
    deepest = deepest === null ? null : childOf(deepest, step);
    position = deepest?.at ?? position;
    name = typeof step === "number" ? `${name}[${step}]` : joinPath(name, step);
  }
  return { at: position, path: name, message };
}

function childOf(node: SourceNode, step: string | number): SourceNode | null {
  if (node.kind === "list") return node.items[Number(step)] ?? null;
  return node.kind === "map" ? (node.entries.get(String(step))?.node ?? null) : null;
}

function isNull(node: SourceNode): boolean {
  return node.kind === "scalar" && node.value === null;
}
