// Sets of fields, in the form in which managedFields carries them (FieldsV1), so that nothing is decoded or encoded.
//
//   { "f:spec": { "f:replicas": {},                       .spec.replicas is in the set
//                 "f:containers": {
//                   "k:{\"name\":\"web\"}": { ".": {},    the item itself is in the set
//                                             "f:image": {} } } } }
//
// An element is a field (f:), an item of a list by its keys (k:) or its value (v:), or by its place (i:). What an element
// leads to is in the set when nothing is below it or when it says "."; .spec above is not.
// Sets are never written to once they are made; operations share what they do not change. Cost: O(size of the smaller).
// Source: structured-merge-diff fieldpath/serialize.go, set.go.

export interface FieldSet {
  readonly [element: string]: FieldSet;
}

export const NO_FIELDS: FieldSet = {};
const SELF = ".";

export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** Whether what this node stands for is in the set itself. */
function isMember(node: FieldSet): boolean {
  return node[SELF] !== undefined || isEmptySet(node);
}

export function unionOf(left: FieldSet, right: FieldSet): FieldSet {
  if (left === right || isEmptySet(right)) return left;
  if (isEmptySet(left)) return right;
  const result: Record<string, FieldSet> = { ...left };
  for (const element in right) {
    const mine = result[element];
    const theirs = right[element] as FieldSet;
    result[element] = mine === undefined || element === SELF ? theirs : unionOfNodes(mine, theirs);
  }
  return result;
}

function unionOfNodes(left: FieldSet, right: FieldSet): FieldSet {
  const children = unionOf(left, right);
  if (isEmptySet(children) || children[SELF] !== undefined) return children;
  return isMember(left) || isMember(right) ? { [SELF]: NO_FIELDS, ...children } : children;
}

/** What is in the one and not in the other; fields below a member of the other stay. */
export function differenceOf(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(left) || isEmptySet(right)) return left;
  const result: Record<string, FieldSet> = {};
  let isChanged = false;
  for (const element in left) {
    const mine = left[element] as FieldSet;
    const theirs = element === SELF ? undefined : right[element];
    const rest = theirs === undefined ? mine : differenceOfNodes(mine, theirs);
    if (rest !== mine) isChanged = true;
    if (rest !== null) result[element] = rest;
  }
  return isChanged ? result : left;
}

/** null: nothing is left. */
function differenceOfNodes(left: FieldSet, right: FieldSet): FieldSet | null {
  const stays = isMember(left) && !isMember(right);
  const { [SELF]: _, ...below } = left;
  const children = differenceOf(below, right);
  return nodeOf(stays, children);
}

export function intersectionOf(left: FieldSet, right: FieldSet): FieldSet {
  const result: Record<string, FieldSet> = {};
  for (const element in left) {
    const theirs = element === SELF ? undefined : right[element];
    if (theirs === undefined) continue;
    const mine = left[element] as FieldSet;
    const both = nodeOf(isMember(mine) && isMember(theirs), intersectionOf(mine, theirs));
    if (both !== null) result[element] = both;
  }
  return result;
}

function nodeOf(isIn: boolean, children: FieldSet): FieldSet | null {
  if (isEmptySet(children)) return isIn ? NO_FIELDS : null;
  return isIn ? { [SELF]: NO_FIELDS, ...children } : children;
}

/** Without the other's members and all that is below them. */
export function withoutBranches(set: FieldSet, branches: FieldSet): FieldSet {
  if (isEmptySet(branches)) return set;
  const result: Record<string, FieldSet> = {};
  for (const element in set) {
    const node = set[element] as FieldSet;
    const cut = element === SELF ? undefined : branches[element];
    if (cut === undefined) result[element] = node;
    else if (!isMember(cut)) {
      const rest = withoutBranches(node, cut);
      if (!isEmptySet(rest)) result[element] = rest;
    }
  }
  return result;
}

/** The part below an element; null: nothing is there. */
export function below(set: FieldSet, element: string): FieldSet | null {
  const node = set[element];
  if (node === undefined) return null;
  for (const child in node) if (child !== SELF) return node;
  return null;
}

export function hasElement(set: FieldSet, element: string): boolean {
  const node = set[element];
  return node !== undefined && isMember(node);
}

/** A set that is being made. Elements may come in any order. */
export type FieldSetDraft = Record<string, FieldSet>;

/** Puts a path into a draft. */
export function insertPath(draft: FieldSetDraft, path: readonly string[]): void {
  let node = draft;
  for (let depth = 0; depth < path.length; depth++) {
    const element = path[depth] as string;
    const isLast = depth === path.length - 1;
    let next = node[element] as FieldSetDraft | undefined;
    if (next === undefined) {
      next = {};
      node[element] = next;
      if (isLast) return;
    } else if (isLast ? !isEmptySet(next) : isEmptySet(next)) next[SELF] = NO_FIELDS;
    node = next;
  }
}

/** The set of these fields: "status", "metadata.labels". */
export function fieldsNamed(names: readonly string[]): FieldSet {
  const draft: FieldSetDraft = {};
  for (const name of names)
    insertPath(
      draft,
      name.split(".").map((part) => `f:${part}`),
    );
  return draft;
}

/** Every path of the set. */
export function* pathsOf(set: FieldSet, prefix: readonly string[] = []): Generator<readonly string[]> {
  for (const element in set) {
    if (element === SELF) continue;
    const node = set[element] as FieldSet;
    const path = [...prefix, element];
    if (isMember(node)) yield path;
    yield* pathsOf(node, path);
  }
}
