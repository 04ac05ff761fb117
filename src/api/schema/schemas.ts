// The schemas of every type that the API serves, from types.json. The file is read at the first question and each type
// is understood when it is first asked for: a start pays 2 ms, not the 440 types.
import { readFileSync } from "node:fs";
import { assert, present } from "../../base/assert.js";
import { sourcePath } from "../../base/source-path.js";
import { parseField } from "./field-text.js";
import type { FieldSchema, ObjectSchema } from "./type-schema.js";

interface TypeText {
  readonly fields?: Readonly<Record<string, string>>;
  readonly inline?: Readonly<Record<string, string>>;
  readonly atomic?: boolean;
  readonly open?: boolean;
}

interface TypesFile {
  /** "apps/v1/Deployment" -> name of its type. */
  readonly kinds: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, TypeText>>;
}

/** Kinds that every group and version has. */
const EVERYWHERE: ReadonlySet<string> = new Set(["DeleteOptions", "Status"]);

let file: {
  readonly kinds: ReadonlyMap<string, string>;
  readonly types: ReadonlyMap<string, TypeText>;
} | null = null;
const parsed = new Map<string, ObjectSchema>();

/**
 * The schema of a kind, its lists ("PodList") and what is sent to subresources ("Scale", "Eviction", "TokenRequest").
 *
 * @param group "" for the core group
 * @returns always the same object for the same kind; undefined: not served
 */
export function schemaOf(group: string, version: string, kind: string): ObjectSchema | undefined {
  const { kinds } = typesFile();
  const name = EVERYWHERE.has(kind) ? kinds.get(`/v1/${kind}`) : kinds.get(`${group}/${version}/${kind}`);
  return name === undefined ? undefined : schemaNamed(name);
}

/** By the name of the type: "io.k8s.api.core.v1.PodSpec". */
export function schemaNamed(name: string): ObjectSchema | undefined {
  const known = parsed.get(name);
  if (known !== undefined) return known;
  const text = typesFile().types.get(name);
  if (text === undefined) return undefined;
  const schema = new LazySchema(name, text, text.atomic === true);
  parsed.set(name, schema);
  return schema;
}

/** Every kind with a schema, as [group, version, kind, type name], sorted. */
export function schemaKinds(): readonly (readonly [
  group: string,
  version: string,
  kind: string,
  name: string,
])[] {
  return [...typesFile().kinds].map(([key, name]) => {
    const [group = "", version = "", kind = ""] = key.split("/");
    return [group, version, kind, name] as const;
  });
}

class LazySchema implements ObjectSchema {
  readonly kind = "object";
  readonly isOpen: boolean;
  #fields: ReadonlyMap<string, FieldSchema> | null = null;
  #inlined: ReadonlyMap<number, ObjectSchema> | null = null;

  constructor(
    readonly name: string,
    private readonly text: TypeText,
    readonly isAtomic: boolean,
  ) {
    this.isOpen = text.open === true;
  }

  get fields(): ReadonlyMap<string, FieldSchema> {
    this.#fields ??= this.#parseFields();
    return this.#fields;
  }

  get inlined(): ReadonlyMap<number, ObjectSchema> {
    this.#inlined ??= new Map(
      Object.entries(this.text.inline ?? {}).map(([number, name]) => [Number(number), structNamed(name)]),
    );
    return this.#inlined;
  }

  #parseFields(): ReadonlyMap<string, FieldSchema> {
    const fields = new Map<string, FieldSchema>();
    for (const [name, text] of Object.entries(this.text.fields ?? {}))
      fields.set(name, parseField(name, text, structNamed));
    for (const inlined of this.inlined.values())
      for (const [name, field] of inlined.fields) {
        assert(!fields.has(name), `${this.name}.${name} is both a field and inlined`);
        fields.set(name, { ...field, protobufNumber: 0 });
      }
    return fields;
  }
}

function structNamed(name: string, isAtomic?: boolean): ObjectSchema {
  const schema = present(schemaNamed(name), `type ${name}`);
  if (isAtomic === undefined || isAtomic === schema.isAtomic) return schema;
  return new LazySchema(name, present(typesFile().types.get(name), name), isAtomic);
}

function typesFile(): NonNullable<typeof file> {
  if (file === null) {
    const json: TypesFile = JSON.parse(readFileSync(sourcePath(import.meta.url, "types.json"), "utf8"));
    file = { kinds: new Map(Object.entries(json.kinds)), types: new Map(Object.entries(json.types)) };
  }
  return file;
}
