// The part of the POSIX shell language that Pods' commands are written in: lists, pipes, loops, conditions, quotes,
// variables, substitutions, redirections. Text in, tree out; recursive descent over characters, which are bytes: only
// ASCII's blanks are blanks.
// Source: POSIX.1-2017 Shell Command Language, sections 2.2 to 2.10.

export type Script =
  | {
      readonly is: "command";
      readonly assignments: readonly Assignment[];
      readonly words: readonly Word[];
      readonly redirects: readonly Redirect[];
    }
  | { readonly is: "pipeline"; readonly parts: readonly Script[] }
  | { readonly is: "not"; readonly body: Script }
  | { readonly is: "list"; readonly items: readonly ListItem[] }
  | { readonly is: "loop"; readonly until: boolean; readonly condition: Script; readonly body: Script }
  | { readonly is: "for"; readonly name: string; readonly words: readonly Word[]; readonly body: Script }
  | {
      readonly is: "if";
      readonly condition: Script;
      readonly body: Script;
      readonly otherwise: Script | null;
    }
  | { readonly is: "group"; readonly isSubshell: boolean; readonly body: Script };

export interface ListItem {
  readonly script: Script;
  /** What decides whether the next one runs. */
  readonly separator: ";" | "&&" | "||" | "&";
}

export interface Assignment {
  readonly name: string;
  readonly value: Word;
}

export interface Redirect {
  readonly from: 0 | 1 | 2;
  /** "&": to where descriptor `target` goes. */
  readonly mode: "<" | ">" | ">>" | "&";
  readonly target: Word;
}

export type Word = readonly WordPart[];

export type WordPart =
  | { readonly is: "text"; readonly text: string; readonly isQuoted: boolean }
  | {
      readonly is: "variable";
      readonly name: string;
      readonly fallback: string | null;
      readonly isQuoted: boolean;
    }
  | { readonly is: "output"; readonly script: Script; readonly isQuoted: boolean }
  | { readonly is: "arithmetic"; readonly text: string };

/** A text that is no script: `message` as a shell would say it. */
export class ShellSyntaxError extends Error {
  override readonly name = "ShellSyntaxError";
}

/** Scripts nested deeper than this are refused. */
const DEPTH_MAX = 50;
const ENDS = new Set(["done", "fi", "then", "else", "elif", "do", "}", ")"]);

/** @throws {ShellSyntaxError} */
export function parseShell(text: string, depth = 0): Script {
  if (depth > DEPTH_MAX) throw new ShellSyntaxError("syntax error: nested too deeply");
  const parser = new Parser(text, depth);
  const script = parser.list();
  if (!parser.isAtEnd()) throw parser.unexpected();
  return script;
}

class Parser {
  readonly #text: string;
  #depth: number;
  #at = 0;

  constructor(text: string, depth: number) {
    this.#text = text;
    this.#depth = depth;
  }

  isAtEnd(): boolean {
    this.#skipBlank(true);
    return this.#at >= this.#text.length;
  }

  unexpected(): ShellSyntaxError {
    const rest = /^\S*/.exec(this.#text.slice(this.#at))?.[0] ?? "";
    return new ShellSyntaxError(
      rest === "" ? "syntax error: unexpected end of file" : `syntax error: unexpected "${rest}"`,
    );
  }

  list(): Script {
    if (++this.#depth > DEPTH_MAX) throw new ShellSyntaxError("syntax error: nested too deeply");
    const items: ListItem[] = [];
    for (;;) {
      this.#skipBlank(true);
      if (this.#at >= this.#text.length || ENDS.has(this.#peekWord())) break;
      const script = this.#pipeline();
      this.#skipBlank(false);
      const separator = this.#separator();
      items.push({ script, separator: separator ?? ";" });
      if (separator === null) break;
    }
    this.#depth--;
    return items.length === 1 && items[0]?.separator === ";" ? items[0].script : { is: "list", items };
  }

  #separator(): ListItem["separator"] | null {
    if (this.#take("&&")) return "&&";
    if (this.#take("||")) return "||";
    if (this.#take(";;")) throw this.unexpected();
    if (this.#take(";") || this.#take("\n")) return ";";
    return this.#take("&") ? "&" : null;
  }

  #pipeline(): Script {
    this.#skipBlank(true);
    if (this.#takeWord("!")) return { is: "not", body: this.#pipeline() };
    const parts = [this.#command()];
    for (;;) {
      this.#skipBlank(false);
      if (this.#text.startsWith("||", this.#at) || !this.#take("|")) break;
      this.#skipBlank(true);
      parts.push(this.#command());
    }
    return parts.length === 1 ? (parts[0] as Script) : { is: "pipeline", parts };
  }

  #command(): Script {
    if (this.#takeWord("while")) return this.#loop(false);
    if (this.#takeWord("until")) return this.#loop(true);
    if (this.#takeWord("for")) return this.#for();
    if (this.#takeWord("if")) return this.#if();
    if (this.#takeWord("{")) return this.#group("}");
    if (this.#take("(")) return this.#group(")");
    return this.#simple();
  }

  #loop(until: boolean): Script {
    const condition = this.list();
    this.#expect("do");
    const body = this.list();
    this.#expect("done");
    return { is: "loop", until, condition, body };
  }

  #for(): Script {
    this.#skipBlank(false);
    const name = this.#name();
    if (name === "") throw this.unexpected();
    this.#skipBlank(true);
    const words: Word[] = [];
    if (this.#takeWord("in"))
      for (let word = this.#word(); word !== null; word = this.#word()) words.push(word);
    this.#skipBlank(false);
    this.#separator();
    this.#expect("do");
    const body = this.list();
    this.#expect("done");
    return { is: "for", name, words, body };
  }

  #if(): Script {
    const condition = this.list();
    this.#expect("then");
    const body = this.list();
    let otherwise: Script | null = null;
    this.#skipBlank(true);
    if (this.#takeWord("elif")) return { is: "if", condition, body, otherwise: this.#if() };
    if (this.#takeWord("else")) otherwise = this.list();
    this.#expect("fi");
    return { is: "if", condition, body, otherwise };
  }

  #group(end: string): Script {
    const body = this.list();
    this.#skipBlank(true);
    if (!this.#take(end)) throw this.unexpected();
    return { is: "group", isSubshell: end === ")", body };
  }

  #simple(): Script {
    const assignments: Assignment[] = [];
    const words: Word[] = [];
    const redirects: Redirect[] = [];
    for (;;) {
      this.#skipBlank(false);
      const redirect = this.#redirect();
      if (redirect !== null) {
        redirects.push(redirect);
        continue;
      }
      const assignment = words.length === 0 ? this.#assignment() : null;
      if (assignment !== null) {
        assignments.push(assignment);
        continue;
      }
      const word = this.#word();
      if (word === null) break;
      words.push(word);
    }
    if (words.length + assignments.length + redirects.length === 0) throw this.unexpected();
    return { is: "command", assignments, words, redirects };
  }

  #assignment(): Assignment | null {
    const match = /^([A-Za-z_]\w*)=/.exec(this.#text.slice(this.#at, this.#at + 256));
    if (match === null) return null;
    this.#at += match[0].length;
    return { name: match[1] as string, value: this.#wordHere() ?? [] };
  }

  #redirect(): Redirect | null {
    const match = /^([012&]?)(>>|>&|>|<)/.exec(this.#text.slice(this.#at, this.#at + 4));
    if (match === null) return null;
    const [whole, descriptor, operator] = match as unknown as [string, string, string];
    this.#at += whole.length;
    const target = this.#word();
    if (target === null) throw this.unexpected();
    const mode = operator === ">&" ? "&" : (operator as "<" | ">" | ">>");
    const from = operator === "<" ? 0 : descriptor === "2" ? 2 : 1;
    return { from, mode, target };
  }

  #word(): Word | null {
    this.#skipBlank(false);
    return this.#wordHere();
  }

  #wordHere(): Word | null {
    const parts: WordPart[] = [];
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || /[ \t-\r;&|<>()]/.test(char)) break;
      if (char === "'") parts.push(this.#single());
      else if (char === '"') this.#double(parts);
      else if (char === "$" || char === "`") parts.push(this.#dollar(false));
      else if (char === "\\") {
        parts.push({ is: "text", text: this.#text[this.#at + 1] ?? "", isQuoted: true });
        this.#at += 2;
      } else parts.push({ is: "text", text: this.#run(/^[^ \t-\r;&|<>()'"$`\\]+/), isQuoted: false });
    }
    return parts.length === 0 ? null : parts;
  }

  #single(): WordPart {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) throw new ShellSyntaxError("syntax error: unterminated quoted string");
    const text = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return { is: "text", text, isQuoted: true };
  }

  #double(parts: WordPart[]): void {
    this.#at++;
    parts.push({ is: "text", text: "", isQuoted: true });
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) throw new ShellSyntaxError("syntax error: unterminated quoted string");
      if (char === '"') break;
      if (char === "$" || char === "`") parts.push(this.#dollar(true));
      else if (char === "\\" && /["$`\\\n]/.test(this.#text[this.#at + 1] ?? "")) {
        parts.push({ is: "text", text: this.#text[this.#at + 1] as string, isQuoted: true });
        this.#at += 2;
      } else if (char === "\\") {
        parts.push({ is: "text", text: "\\", isQuoted: true });
        this.#at++;
      } else parts.push({ is: "text", text: this.#run(/^[^"$`\\]+/), isQuoted: true });
    }
    this.#at++;
  }

  #dollar(isQuoted: boolean): WordPart {
    if (this.#take("`")) {
      const inner = this.#until("`");
      return { is: "output", script: parseShell(inner, this.#depth + 1), isQuoted };
    }
    this.#at++;
    if (this.#take("((")) {
      const text = this.#until("))");
      return { is: "arithmetic", text };
    }
    if (this.#take("(")) {
      const script = this.list();
      this.#skipBlank(true);
      if (!this.#take(")")) throw this.unexpected();
      return { is: "output", script, isQuoted };
    }
    if (this.#take("{")) {
      const [, name = "", fallback] = /^(\w+|[?$#@*!])(?::?-(.*))?$/s.exec(this.#until("}")) ?? [];
      if (name === "") throw new ShellSyntaxError("syntax error: bad substitution");
      return { is: "variable", name, fallback: fallback ?? null, isQuoted };
    }
    const name = this.#run(/^([A-Za-z_]\w*|[0-9?$#@*!])/);
    if (name === "") return { is: "text", text: "$", isQuoted };
    return { is: "variable", name, fallback: null, isQuoted };
  }

  #until(end: string): string {
    const index = this.#text.indexOf(end, this.#at);
    if (index < 0) throw this.unexpected();
    const text = this.#text.slice(this.#at, index);
    this.#at = index + end.length;
    return text;
  }

  #run(pattern: RegExp): string {
    const text = pattern.exec(this.#text.slice(this.#at))?.[0] ?? "";
    this.#at += text.length;
    return text;
  }

  #name(): string {
    return this.#run(/^[A-Za-z_]\w*/);
  }

  #peekWord(): string {
    if (this.#text[this.#at] === ")") return ")";
    return /^[^ \t-\r;&|<>()]*/.exec(this.#text.slice(this.#at, this.#at + 8))?.[0] ?? "";
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #takeWord(word: string): boolean {
    if (this.#peekWord() !== word) return false;
    this.#at += word.length;
    return true;
  }

  #expect(word: string): void {
    this.#skipBlank(true);
    if (!this.#takeWord(word)) throw this.unexpected();
  }

  #skipBlank(withLines: boolean): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === " " || char === "\t" || char === "\r" || (withLines && char === "\n")) this.#at++;
      else if (char === "\\" && this.#text[this.#at + 1] === "\n") this.#at += 2;
      else if (char === "#" && /^$|[ \t-\r]/.test(this.#text[this.#at - 1] ?? "")) this.#run(/^[^\n]*/);
      else break;
    }
  }
}
