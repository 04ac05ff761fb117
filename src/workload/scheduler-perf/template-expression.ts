// What stands between {{ and }}: a Go pipeline of fields, variables, literals and calls -> a tree.
//   .a.b   $x   "text"   12   nil   (f x)   f x (g y)   a | f x, which is f x a
// Source: Go text/template.
import { PlumbError } from "../../base/errors.js";
import type { SourceText } from "../source-text.js";

export type Expression =
  | { readonly kind: "literal"; readonly value: unknown }
  /** "." and "$", each with the fields asked of it; "$name" too. */
  | { readonly kind: "field"; readonly of: string; readonly fields: readonly string[]; readonly at: number }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly args: readonly Expression[];
      readonly at: number;
    };

export interface Token {
  readonly text: string;
  readonly at: number;
}

const TOKEN = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|-?\d+(?:\.\d+)?|\$?[A-Za-z_]\w*|\$|\.[A-Za-z_]\w*|:=|[.|(),=]|\S/g;

/** An error at `offset` of a template. */
export function templateError(
  source: SourceText,
  offset: number,
  why: string,
  code: "InvalidInput" | "Unsupported" = "InvalidInput",
): PlumbError {
  return new PlumbError(code, `Cannot read template: ${why}`, { position: source.positionAt(offset) });
}

/** The tokens of one action, read from left to right. */
export class Action {
  readonly at: number;
  /** What it begins with: "if", "end", ".Index". */
  readonly word: string;
  readonly #source: SourceText;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(source: SourceText, tokens: readonly Token[], at: number) {
    this.#source = source;
    this.#tokens = tokens;
    this.at = at;
    this.word = tokens[0]?.text ?? "";
  }

  rest(): readonly string[] {
    return this.#tokens.slice(this.#next).map(({ text }) => text);
  }

  skip(count: number): void {
    this.#next += count;
  }

  refuse(why: string): PlumbError {
    return templateError(this.#source, this.at, why, "Unsupported");
  }

  /** All that is left, as one pipeline. */
  whole(): Expression {
    const value = this.#pipeline();
    const extra = this.#tokens[this.#next];
    if (extra !== undefined) throw templateError(this.#source, extra.at, `unexpected '${extra.text}'`);
    return value;
  }

  /** a | f x: f x a */
  #pipeline(): Expression {
    let value = this.#command(null);
    while (this.rest()[0] === "|") {
      this.skip(1);
      value = this.#command(value);
    }
    return value;
  }

  #command(piped: Expression | null): Expression {
    const token = this.#tokens[this.#next];
    if (token !== undefined && isFunctionName(token.text)) {
      this.skip(1);
      const args: Expression[] = [];
      while (![undefined, "|", ")"].includes(this.rest()[0])) args.push(this.#operand());
      return { kind: "call", name: token.text, args: piped === null ? args : [...args, piped], at: token.at };
    }
    if (piped !== null)
      throw templateError(this.#source, token?.at ?? this.at, "expected a function after '|'");
    return this.#operand();
  }

  #operand(): Expression {
    const token = this.#tokens[this.#next];
    if (token === undefined) throw templateError(this.#source, this.at, "an action without a value");
    this.skip(1);
    const { text, at } = token;
    if (text === "(") return this.#parenthesised(at);
    if (text === "." || text.startsWith(".")) {
      const fields = text === "." ? [] : [text.slice(1)];
      return { kind: "field", of: ".", fields: [...fields, ...this.#fields()], at };
    }
    if (text.startsWith("$")) return { kind: "field", of: text, fields: this.#fields(), at };
    const literal = literalOf(text);
    if (literal !== null) return literal;
    if (isFunctionName(text)) return { kind: "call", name: text, args: [], at };
    throw templateError(this.#source, at, `unexpected '${text}'`);
  }

  #parenthesised(at: number): Expression {
    const value = this.#pipeline();
    if (this.rest()[0] !== ")") throw templateError(this.#source, at, "( without )");
    this.skip(1);
    return value;
  }

  /** Fields written against what stands before them: .a.b, $x.a */
  #fields(): string[] {
    const fields: string[] = [];
    for (;;) {
      const token = this.#tokens[this.#next];
      const before = this.#tokens[this.#next - 1] as Token;
      if (token === undefined || !/^\.\w/.test(token.text) || token.at !== before.at + before.text.length)
        return fields;
      fields.push(token.text.slice(1));
      this.skip(1);
    }
  }
}

export function tokensOf(content: string, at: number): Token[] {
  return [...content.matchAll(TOKEN)].map((match) => ({ text: match[0], at: at + match.index }));
}

function isFunctionName(token: string): boolean {
  return /^[A-Za-z_]\w*$/.test(token) && literalOf(token) === null;
}

function literalOf(token: string): Expression | null {
  if (token === "nil") return { kind: "literal", value: null };
  if (token === "true" || token === "false") return { kind: "literal", value: token === "true" };
  if (/^-?\d/.test(token)) return { kind: "literal", value: Number(token) };
  if (token.startsWith("`")) return { kind: "literal", value: token.slice(1, -1) };
  return token.length > 1 && token.startsWith('"') ? { kind: "literal", value: unquoted(token) } : null;
}

/** The text of a Go string: \\n, \\t, \\r; a backslash before anything else stands for that. */
function unquoted(token: string): string {
  const named: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
  return token.slice(1, -1).replace(/\\(.)/g, (_, character: string) => named[character] ?? character);
}
