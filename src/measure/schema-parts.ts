// What the JSON Schemas of results are written in: closed objects, lists, maps and numbers, each with its description.

export type Schema = { readonly [keyword: string]: unknown };

/** A closed object; keys that end in "?" may be absent. */
export function object(description: string, properties: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(properties);
  return {
    description,
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name.replace(/\?$/, ""), properties[name]])),
    required: names.filter((name) => !name.endsWith("?")),
    additionalProperties: false,
  };
}

export const list = (description: string, items: Schema, more: Schema = {}): Schema => ({
  description,
  type: "array",
  items,
  ...more,
});
export const map = (description: string, values: Schema): Schema => ({
  description,
  type: "object",
  additionalProperties: values,
});
export const words = (description: string, values: readonly string[]): Schema => ({
  description,
  enum: values,
});
export const string = (description: string, more: Schema = {}): Schema => ({
  description,
  type: "string",
  ...more,
});
export const number = (description: string, more: Schema = {}): Schema => ({
  description,
  type: "number",
  ...more,
});
export const count = (description: string): Schema => ({ description, type: "integer", minimum: 0 });
export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });
