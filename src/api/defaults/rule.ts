// Defaulting as data: a rule says what a field becomes, a table of rules what an object becomes.
// Why tables: sixty kinds share a few dozen defaults, and a table can be read beside upstream's defaults.go line by line.
// Copy on write: what nothing changes is answered itself, so that an object that is complete costs no memory, and a
// subtree that two objects share stays shared.
// Cost: one call per rule; an object is copied once at most.

export type Fields = Readonly<Record<string, unknown>>;

/**
 * What a field becomes.
 *
 * @param value as it is; undefined: absent
 * @param owner the object it stands in, with the rules before this one applied
 * @returns undefined: absent
 */
export type Rule = (value: unknown, owner: Fields) => unknown;

/** Go's zero values of fields that are no pointers count as absent. */
function isZero(value: unknown): boolean {
  return value === undefined || value === null || value === "" || value === 0;
}

/** Of a field that is no pointer upstream: "" and 0 are absent, too. */
export function unlessZero(standard: unknown): Rule {
  return (value) => (isZero(value) ? standard : value);
}

/** Of a field that is a pointer upstream: what is written stays, "" and 0 included. */
export function unlessSet(standard: unknown): Rule {
  return (value) => (value === undefined || value === null ? standard : value);
}

/** The value is worked out when it is absent. */
export function unlessSetBy(standard: (owner: Fields) => unknown): Rule {
  return (value, owner) => (value === undefined || value === null ? standard(owner) : value);
}

/** The rules of an object's fields, in order; an absent object stays absent. */
export function within(rules: Readonly<Record<string, Rule>>): (value: unknown) => unknown {
  const names = Object.keys(rules);
  const each = Object.values(rules);
  return (value) => (isObject(value) ? completed(value, names, each) : value);
}

const EMPTY: Fields = Object.freeze({});

/** As `within`, but an absent object is made. */
export function always(rules: Readonly<Record<string, Rule>>): (value: unknown) => unknown {
  const names = Object.keys(rules);
  const each = Object.values(rules);
  return (value) => {
    if (value !== undefined && value !== null) return isObject(value) ? completed(value, names, each) : value;
    return completed(EMPTY, names, each);
  };
}

function completed(value: Fields, names: readonly string[], rules: readonly Rule[]): Fields {
  let result = value as Record<string, unknown>;
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string;
    const before = result[name];
    const after = (rules[index] as Rule)(before, result);
    if (after === before) continue;
    // As `extended` says, fields are not added to what a spread copies.
    if (result === value) result = Object.assign({}, value);
    if (after === undefined) delete result[name];
    else result[name] = after;
  }
  return result;
}

/** The same rule for every item of a list. */
export function each(rule: Rule): Rule {
  return (value, owner) => {
    if (!Array.isArray(value)) return value;
    let result: unknown[] = value;
    for (let index = 0; index < value.length; index++) {
      const after = rule(value[index], owner);
      if (after === value[index]) continue;
      if (result === value) result = value.slice();
      result[index] = after;
    }
    return result;
  };
}

/** One rule after the other on the same value. */
export function chained(...rules: readonly Rule[]): Rule {
  return (value, owner) => rules.reduce((result, rule) => rule(result, owner), value);
}

/** The rule, when the owner is such. */
export function when(applies: (owner: Fields) => boolean, rule: Rule): Rule {
  return (value, owner) => (applies(owner) ? rule(value, owner) : value);
}

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
