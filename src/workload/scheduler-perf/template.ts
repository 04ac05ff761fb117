// Renders a parsed template for one index. `data` has .Index, .Count and the parameters of the operation.
// A parameter that is not set is false to `if` and `or`; printing it is an error where Go would print "<no value>".
import { present } from "../../base/assert.js";
import { suggestion } from "../../base/document/suggestion.js";
import { isTrue, TEMPLATE_FUNCTIONS } from "./template-functions.js";
import { type Expression, templateError } from "./template-expression.js";
import type { Template, TemplateNode } from "./template-parser.js";

export type TemplateData = Readonly<Record<string, unknown>>;

/** Items that one {{range}} may have. */
const RANGE_MAX = 100_000;

/** Whether rendering depends on anything but the text. */
export function hasActions(template: Template): boolean {
  return template.nodes.some((node) => node.kind !== "text");
}

/** @throws {PlumbError} InvalidInput with the place of what cannot be rendered */
export function renderTemplate(template: Template, data: TemplateData): string {
  return new Renderer(template).nodes(template.nodes, { dot: data, variables: new Map([["$", data]]) });
}

interface Scope {
  readonly dot: unknown;
  readonly variables: Map<string, unknown>;
}

class Renderer {
  readonly #template: Template;

  constructor(template: Template) {
    this.#template = template;
  }

  nodes(nodes: readonly TemplateNode[], outer: Scope): string {
    const scope = { ...outer, variables: new Map(outer.variables) };
    return nodes.map((node) => this.#node(node, scope)).join("");
  }

  #node(node: TemplateNode, scope: Scope): string {
    switch (node.kind) {
      case "text":
        return node.text;
      case "print":
        return this.#print(this.#value(node.value, scope), node.at);
      case "set":
        scope.variables.set(node.name, this.#value(node.value, scope));
        return "";
      case "if":
        return this.nodes(isTrue(this.#value(node.condition, scope)) ? node.then : node.otherwise, scope);
      case "range":
        return this.#range(node, scope);
    }
  }

  #range(node: Extract<TemplateNode, { kind: "range" }>, scope: Scope): string {
    const items = this.#items(this.#value(node.over, scope), node.at);
    if (items.length === 0) return this.nodes(node.otherwise, scope);
    return items
      .map(([key, item]) => {
        const variables = new Map(scope.variables);
        const values = node.names.length === 1 ? [item] : [key, item];
        for (const [position, name] of node.names.entries()) variables.set(name, values[position]);
        return this.nodes(node.body, { dot: item, variables });
      })
      .join("");
  }

  #items(over: unknown, at: number): readonly (readonly [unknown, unknown])[] {
    if (typeof over === "number" && over <= RANGE_MAX)
      return Array.from({ length: Math.max(0, Math.trunc(over)) }, (_, index) => [index, index]);
    if (Array.isArray(over)) return [...over.entries()];
    if (over === null || over === undefined) return [];
    if (typeof over === "object") return Object.entries(over).sort(([a], [b]) => (a < b ? -1 : 1));
    throw templateError(this.#template.source, at, `cannot range over ${JSON.stringify(over)}`);
  }

  #value(expression: Expression, scope: Scope): unknown {
    switch (expression.kind) {
      case "literal":
        return expression.value;
      case "field":
        return this.#field(expression, scope);
      case "call":
        return this.#call(expression, scope);
    }
  }

  #field({ of, fields, at }: Extract<Expression, { kind: "field" }>, scope: Scope): unknown {
    if (of !== "." && !scope.variables.has(of))
      throw templateError(this.#template.source, at, `no variable '${of}'`);
    let value = of === "." ? scope.dot : scope.variables.get(of);
    for (const field of fields) {
      if (typeof value !== "object" || value === null)
        throw templateError(
          this.#template.source,
          at,
          `'${field}' asked of ${JSON.stringify(value) ?? "nothing"}`,
        );
      value = Object.hasOwn(value, field) ? (value as TemplateData)[field] : undefined;
    }
    return value;
  }

  #call({ name, args, at }: Extract<Expression, { kind: "call" }>, scope: Scope): unknown {
    if (!Object.hasOwn(TEMPLATE_FUNCTIONS, name)) {
      const known = Object.keys(TEMPLATE_FUNCTIONS);
      throw templateError(
        this.#template.source,
        at,
        `no function '${name}'${suggestion(name, known)}`,
        "Unsupported",
      );
    }
    const call = present(TEMPLATE_FUNCTIONS[name], name);
    const values = args.map((arg) => this.#value(arg, scope));
    try {
      return call(...values);
    } catch (error) {
      throw templateError(this.#template.source, at, `${name}: ${(error as Error).message}`);
    }
  }

  #print(value: unknown, at: number): string {
    if (value === undefined || value === null)
      throw templateError(this.#template.source, at, "this value is not set; set it under templateParams");
    if (typeof value !== "object") return String(value);
    throw templateError(
      this.#template.source,
      at,
      `expected text or a number, got ${JSON.stringify(value)}; use JSON`,
    );
  }
}
