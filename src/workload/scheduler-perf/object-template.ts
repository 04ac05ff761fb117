// A template file of an object: text -> the object for one index.
// Why two ways: tens of thousands of Pods come from templates without actions. Those are parsed once and every object
// shares the parsed spec, so a scheduler may cache by identity; with actions, text is rendered and parsed per index.
// Cost: O(1) without actions; with them O(text) per distinct rendering, about 0.3 ms for a Pod.
import type { KubeObject } from "../../api/types.js";
import { PlumbError } from "../../base/errors.js";
import { SourceText } from "../source-text.js";
import { scanYaml } from "../yaml-text.js";
import { hasActions, renderTemplate, type TemplateData } from "./template.js";
import { parseTemplate, type Template } from "./template-parser.js";

/** Renderings kept; {{Mod .Index 12}} comes back to the same twelve. */
const RENDERINGS_MAX = 1024;

/** An object as templates write it: perhaps without a name. Immutable, shared between those made of it. */
export type TemplateObject = Omit<KubeObject, "metadata"> & {
  readonly metadata: Partial<KubeObject["metadata"]>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
};

export class ObjectTemplate {
  readonly #template: Template;
  readonly #renderings = new Map<string, TemplateObject>();
  readonly #constant: TemplateObject | null;

  /** @throws {PlumbError} InvalidInput or Unsupported, with the place */
  constructor(file: string, text: string) {
    this.#template = parseTemplate(new SourceText(file, text));
    this.#constant = hasActions(this.#template) ? null : this.#parse(renderTemplate(this.#template, {}));
  }

  /** @param data what the template sees: Index, Count and the operation's parameters */
  at(data: TemplateData): TemplateObject {
    if (this.#constant !== null) return this.#constant;
    const text = renderTemplate(this.#template, data);
    const known = this.#renderings.get(text);
    if (known !== undefined) return known;
    if (this.#renderings.size >= RENDERINGS_MAX) this.#renderings.clear();
    const object = this.#parse(text);
    this.#renderings.set(text, object);
    return object;
  }

  #parse(text: string): TemplateObject {
    return parseObject(new SourceText(this.#template.source.file, text));
  }
}

/** Opens each template file once. */
export class TemplateStore {
  readonly #readText: (path: string) => string;
  readonly #templates = new Map<string, ObjectTemplate>();

  constructor(readText: (path: string) => string) {
    this.#readText = readText;
  }

  open(path: string): ObjectTemplate {
    const known = this.#templates.get(path);
    if (known !== undefined) return known;
    const template = new ObjectTemplate(path, this.#readText(path));
    this.#templates.set(path, template);
    return template;
  }
}

function parseObject(source: SourceText): TemplateObject {
  const fail = (offset: number, why: string) =>
    new PlumbError("InvalidInput", `Cannot read template: ${why}`, {
      position: source.positionAt(offset),
    });
  const scan = scanYaml(source.text);
  if (!scan.ok) throw fail(scan.error.offset, scan.error.message);
  const [document, second] = scan.documents;
  if (second !== undefined) throw fail(second.start, "a second document begins here, expected one object");
  const object = withGoKeys(document?.value ?? null);
  if (!isObject(object) || typeof object["kind"] !== "string" || typeof object["apiVersion"] !== "string")
    throw fail(0, "expected a Kubernetes object with apiVersion and kind");
  const metadata = isObject(object["metadata"]) ? object["metadata"] : {};
  // Shape beyond this is not checked: readers of the object take what they know.
  return { ...object, metadata } as unknown as TemplateObject;
}

/** Fields whose keys are names, not fields. */
const NAMED = new Set([
  "labels",
  "annotations",
  "matchLabels",
  "nodeSelector",
  "selector",
  "capacity",
  "allocatable",
  "requests",
  "limits",
  "overhead",
]);

/** Go takes keys in any case; field names begin with a small letter. */
function withGoKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withGoKeys);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, below]) => [
    key.charAt(0).toLowerCase() + key.slice(1),
    NAMED.has(key) ? below : withGoKeys(below),
  ]);
  return Object.fromEntries(entries);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
