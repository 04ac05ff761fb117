// managedFields of new objects, by their shape.
// Why: what a creator owns follows from which fields there are, not from most of their values, and objects come by the
// thousand from few templates. Comparing an object to nothing takes ten times as long as following its shape; and all
// objects of a shape then share one set of fields.
// What counts: the names of fields, whether a value is absent or zero, and, since items are told apart by their values,
// everything that is in lists.
// How: a shape is a path of steps through a tree, one for each name, value and end of an object or list, that leads to
// what was recorded when the first object of the shape came. Following it makes nothing.
// Cost: O(size of the object), some 10 ns a step; at most STEPS_MAX steps are kept.
import { shareText } from "../storage/object-text.js";

const STEPS_MAX = 1 << 15;
/** Objects this large are seldom alike. */
const SHAPE_STEPS_MAX = 1024;
/** As are lists of such texts. */
const TEXT_CHARS_MAX = 256;

/** Stand for themselves: equal to no name and no value. */
const OBJECT = Symbol("object");
const LIST = Symbol("list");
const END = Symbol("end");
const ZERO = Symbol("zero");
const SET = Symbol("set");

type StepKey = string | number | boolean | null | symbol;

/** Where a path has come to. Most steps have one successor. */
interface Step {
  readonly key: StepKey;
  first: Step | null;
  others: Map<StepKey, Step> | null;
  /** What the creator of an object whose shape ends here owns. */
  entry: object | null;
}

function newStep(key: StepKey): Step {
  return { key, first: null, others: null, entry: null };
}

/** The shapes that were seen of late. */
export class CreatedFields {
  #root = newStep(OBJECT);
  #stepCount = 0;

  /** undefined: none was kept for this writer and an object of this shape. */
  entryOf(writer: readonly string[], object: object): object | undefined {
    return followed(followed(this.#root, writer, true, nextOf), object, false, nextOf)?.entry ?? undefined;
  }

  /** Keeps what the creator of the object owns, if it is all that was recorded. */
  keep(writer: readonly string[], object: object, entries: readonly object[] | undefined): void {
    const [entry] = entries ?? [];
    if (entry === undefined || entries?.length !== 1) return;
    if (this.#stepCount + SHAPE_STEPS_MAX > STEPS_MAX) this.#forget();
    let stepsLeft = SHAPE_STEPS_MAX;
    const lead: Lead = (step, key) => {
      if (stepsLeft-- <= 0 || (typeof key === "string" && key.length > TEXT_CHARS_MAX)) return null;
      return nextOf(step, key) ?? this.#added(step, key);
    };
    const last = followed(followed(this.#root, writer, true, lead), object, false, lead);
    if (last === null) return;
    last.entry = entry;
    const { fieldsV1 } = entry as { readonly fieldsV1?: object };
    if (fieldsV1 !== undefined) shareText(fieldsV1);
  }

  #added(step: Step, key: StepKey): Step {
    const next = newStep(key);
    this.#stepCount++;
    if (step.first === null) step.first = next;
    else {
      step.others ??= new Map();
      step.others.set(key, next);
    }
    return next;
  }

  #forget(): void {
    this.#root = newStep(OBJECT);
    this.#stepCount = 0;
  }
}

type Lead = (step: Step, key: StepKey) => Step | null;

function nextOf({ first, others }: Step, key: StepKey): Step | null {
  return first?.key === key ? first : (others?.get(key) ?? null);
}

/** Where a value leads to; null: nowhere. */
function followed(from: Step | null, value: unknown, isInList: boolean, lead: Lead): Step | null {
  if (from === null) return null;
  if (typeof value !== "object" || value === null) return lead(from, keyOf(value as StepKey, isInList));
  const isList = Array.isArray(value);
  let step = lead(from, isList ? LIST : OBJECT);
  if (isList) for (const item of value) step = followed(step, item, true, lead);
  else
    for (const name in value) {
      const inner = (value as Record<string, unknown>)[name];
      if (inner !== undefined) step = followed(step && lead(step, name), inner, isInList, lead);
    }
  return step && lead(step, END);
}

function keyOf(value: StepKey, isInList: boolean): StepKey {
  if (isInList || value === null) return value;
  return value === "" || value === 0 || value === false ? ZERO : SET;
}
