// Go templates, the part that templates of objects use: text -> a tree of text, prints, if, range and variables.
//   {{.Index}}  {{AddInt .a (Mod .Index 12)}}  {{$x := or .n 2 | Int}}  {{if ..}}{{else if ..}}{{else}}{{end}}
//   {{range ..}}  {{range $i := ..}}  {{/* comment */}}  {{- trims the blanks beside -}}
// The rest of the language (with, template, define, block, break, continue, methods) is refused with its place.
// Cost: O(text). Source: Go text/template.
import type { PlumbError } from "../../base/errors.js";
import type { SourceText } from "../source-text.js";
import { Action, type Expression, templateError, type Token, tokensOf } from "./template-expression.js";

export type TemplateNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly value: Expression; readonly at: number }
  | { readonly kind: "set"; readonly name: string; readonly value: Expression }
  | {
      readonly kind: "if";
      readonly condition: Expression;
      readonly then: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    }
  | {
      readonly kind: "range";
      /** Names given to the index and the item, or to the item alone. */
      readonly names: readonly string[];
      readonly over: Expression;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
      readonly at: number;
    };

export interface Template {
  readonly source: SourceText;
  readonly nodes: readonly TemplateNode[];
}

/** @throws {PlumbError} InvalidInput or Unsupported, with the place */
export function parseTemplate(source: SourceText): Template {
  return { source, nodes: new TemplateParser(source).parse() };
}

/** A run of text, or the tokens between {{ and }}. */
type Piece = { readonly text: string } | { readonly tokens: readonly Token[]; readonly at: number };

const ACTION =
  /\{\{(-\s)?\s*(\/\*[\s\S]*?\*\/|(?:"(?:[^"\\\n]|\\.)*"|`[^`]*`|(?!\}\}|\s-\}\})[^"`])*?)\s*?(\s-)?\}\}/g;
const REFUSED = ["with", "template", "define", "block", "break", "continue"];

class TemplateParser {
  readonly #source: SourceText;
  readonly #pieces: readonly Piece[];
  #next = 0;

  constructor(source: SourceText) {
    this.#source = source;
    this.#pieces = this.#split(source.text);
  }

  parse(): readonly TemplateNode[] {
    const { nodes, end } = this.#list();
    if (end !== null) throw this.#error(end.at, `{{${end.word}}} without {{if}} or {{range}} before it`);
    return nodes;
  }

  #split(text: string): Piece[] {
    const pieces: Piece[] = [];
    let from = 0;
    let trimsNext = false;
    const addText = (to: number, trimsEnd: boolean) => {
      let run = text.slice(from, to);
      if (trimsNext) run = run.trimStart();
      if (trimsEnd) run = run.trimEnd();
      const open = run.indexOf("{{");
      if (open >= 0) throw this.#error(from + open, "{{ without }}");
      if (run !== "") pieces.push({ text: run });
    };
    for (const match of text.matchAll(ACTION)) {
      addText(match.index, match[1] !== undefined);
      const content = String(match[2]);
      const at = match.index + match[0].indexOf(content);
      if (!content.startsWith("/*")) pieces.push({ tokens: tokensOf(content, at), at: match.index });
      from = match.index + match[0].length;
      trimsNext = match[3] !== undefined;
    }
    addText(text.length, false);
    return pieces;
  }

  /** Nodes up to {{end}}, {{else}} or the end of the text; `end` is the action that ended them. */
  #list(): { nodes: TemplateNode[]; end: Action | null } {
    const nodes: TemplateNode[] = [];
    while (this.#next < this.#pieces.length) {
      const piece = this.#pieces[this.#next++] as Piece;
      if ("text" in piece) {
        nodes.push({ kind: "text", text: piece.text });
        continue;
      }
      const action = new Action(this.#source, piece.tokens, piece.at);
      if (["end", "else"].includes(action.word)) return { nodes, end: action };
      nodes.push(this.#node(action));
    }
    return { nodes, end: null };
  }

  #node(action: Action): TemplateNode {
    const { word } = action;
    if (REFUSED.includes(word)) throw action.refuse(`{{${word}}} is not supported`);
    if (word === "if") return this.#if(action);
    if (word === "range") return this.#range(action);
    const [name, operator] = action.rest();
    if (name?.startsWith("$") && (operator === ":=" || operator === "=")) {
      if (operator === "=") throw action.refuse("assigning to a variable that exists is not supported");
      action.skip(2);
      return { kind: "set", name, value: action.whole() };
    }
    return { kind: "print", value: action.whole(), at: action.at };
  }

  #if(action: Action): TemplateNode {
    action.skip(1);
    const condition = action.whole();
    const { nodes: then, end } = this.#list();
    return { kind: "if", condition, then, otherwise: this.#otherwise(action, end) };
  }

  #range(action: Action): TemplateNode {
    action.skip(1);
    const tokens = action.rest();
    const names = tokens.slice(0, Math.max(0, tokens.indexOf(":="))).filter((token) => token !== ",");
    if (tokens.includes(":=")) action.skip(tokens.indexOf(":=") + 1);
    const over = action.whole();
    const { nodes: body, end } = this.#list();
    return { kind: "range", names, over, body, otherwise: this.#otherwise(action, end), at: action.at };
  }

  /** What follows {{else}}, up to the {{end}} that closes `opened`. */
  #otherwise(opened: Action, end: Action | null): readonly TemplateNode[] {
    if (end === null) throw this.#error(opened.at, `{{${opened.word}}} without {{end}}`);
    if (end.word === "end") return [];
    end.skip(1);
    if (end.rest()[0] === "if") return [this.#if(end)];
    const { nodes, end: last } = this.#list();
    if (last === null || last.word !== "end")
      throw this.#error(opened.at, `{{${opened.word}}} without {{end}}`);
    return nodes;
  }

  #error(offset: number, why: string): PlumbError {
    return templateError(this.#source, offset, why);
  }
}
