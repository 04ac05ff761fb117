// Label selectors as text, read as upstream reads them: "app=web,tier in (a, b),!canary,rank>3" -> terms.
// Why a lexer and not one expression: what stands where it may not is named in the error, and users know the words.
// Source: apimachinery pkg/labels/selector.go (Lexer, Parser, NewRequirement).
import { StatusError } from "./status.js";
import { type Failure, invalidValue } from "./validation/failure.js";
import { labelValue, qualifiedName } from "./validation/names.js";

export type TermOperator = "exists" | "!" | "=" | "!=" | ">" | "<" | "in" | "notin";

export interface SelectorTerm {
  readonly key: string;
  readonly operator: TermOperator;
  /** None of "exists" and "!", one of most, of "in" and "notin" one or more. */
  readonly values: readonly string[];
}

const SYMBOLS = ["!=", "==", "=", "!", "(", ")", ",", ">", "<"];
const SPECIAL = /[=!(),><]/;
const END_OF_WORD = /[=!(),><\s]/;
const OPERATORS = "in, notin, =, ==, !=, gt, lt";

/** A symbol, or a word; "" is the end. */
interface Token {
  readonly text: string;
  readonly isWord: boolean;
}

const END: Token = { text: "", isWord: false };

/** @throws {StatusError} BadRequest, with what was found and what was expected */
export function selectorTerms(selector: string): SelectorTerm[] {
  const tokens = new Tokens(selector);
  const terms: SelectorTerm[] = [];
  if (tokens.peek() === END) return terms;
  if (!startsTerm(tokens.peek()))
    throw unexpected(tokens.peek(), ", expected: !, identifier, or 'end of string'");
  for (;;) {
    terms.push(term(tokens));
    const after = tokens.next();
    if (after === END) return terms;
    if (after.text !== ",") throw unexpected(after, ", expected: ',' or 'end of string'");
    if (!startsTerm(tokens.peek())) throw unexpected(tokens.peek(), ", expected: identifier after ','");
  }
}

class Tokens {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(selector: string) {
    this.#tokens = tokensOf(selector);
  }

  peek(): Token {
    return this.#tokens[this.#position] ?? END;
  }

  next(): Token {
    return this.#tokens[this.#position++] ?? END;
  }
}

function tokensOf(selector: string): Token[] {
  const tokens: Token[] = [];
  for (let index = 0; index < selector.length; ) {
    const char = selector[index] as string;
    if (/\s/.test(char)) {
      index++;
      continue;
    }
    const isWord = !SPECIAL.test(char);
    const text = isWord
      ? wordAt(selector, index)
      : (SYMBOLS.find((symbol) => selector.startsWith(symbol, index)) as string);
    tokens.push({ text, isWord });
    index += text.length;
  }
  return tokens;
}

function wordAt(selector: string, start: number): string {
  let end = start;
  while (end < selector.length && !END_OF_WORD.test(selector[end] as string)) end++;
  return selector.slice(start, end);
}

function startsTerm({ isWord, text }: Token): boolean {
  return isWord || text === "!";
}

function term(tokens: Tokens): SelectorTerm {
  const isAbsent = tokens.peek().text === "!";
  if (isAbsent) tokens.next();
  const name = tokens.next();
  if (!name.isWord) throw inTerm(unexpected(name, ", expected: identifier"));
  const key = name.text;
  refuse([...textFailures("<nil>", key, qualifiedName(key))]);
  if (isAbsent) return { key, operator: "!", values: [] };
  const after = tokens.peek();
  if (after === END || after.text === ",") return { key, operator: "exists", values: [] };
  const operator = operatorOf(tokens.next());
  const values = operator === "in" || operator === "notin" ? listed(tokens) : [single(tokens)];
  refuse(valueFailures(key, operator, values));
  return { key, operator, values };
}

function operatorOf(token: Token): TermOperator {
  switch (token.text) {
    case "==":
      return "=";
    case "=":
    case "!=":
    case ">":
    case "<":
    case "in":
    case "notin":
      return token.text;
    default:
      throw inTerm(unexpected(token, `, expected: ${OPERATORS}`));
  }
}

/** One value, which may be empty. */
function single(tokens: Tokens): string {
  const token = tokens.peek();
  if (token === END || token.text === ",") return "";
  if (!token.isWord) throw inTerm(unexpected(token, ", expected: identifier"));
  return tokens.next().text;
}

/** "(a, b)"; between commas there may be nothing. */
function listed(tokens: Tokens): readonly string[] {
  const open = tokens.next();
  if (open.text !== "(") throw inTerm(unexpected(open, " expected: '('"));
  const values = new Set<string>();
  const first = tokens.peek();
  if (!first.isWord && first.text !== "," && first.text !== ")")
    throw inTerm(unexpected(first, ", expected: ',', ')' or identifier"));
  for (;;) {
    values.add(tokens.peek().isWord ? tokens.next().text : "");
    const after = tokens.next();
    if (after.text === ")" && !after.isWord) return [...values].sort();
    if (after.text !== "," || after.isWord) throw inTerm(unexpected(after, ", expected: ',' or ')'"));
  }
}

function valueFailures(key: string, operator: TermOperator, values: readonly string[]): Failure[] {
  const failures: Failure[] = [];
  values.forEach((value, index) => {
    if ((operator === ">" || operator === "<") && !/^[+-]?\d+$/.test(value))
      failures.push(
        invalidValue(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer"),
      );
  });
  values.forEach((value, index) => {
    failures.push(...textFailures(`values[${index}][${key}]`, value, labelValue(value)));
  });
  return failures;
}

function textFailures(field: string, value: string, found: readonly string[]): Failure[] {
  return found.length === 0 ? [] : [invalidValue(field, value, found.join("; "))];
}

function refuse(failures: readonly Failure[]): void {
  const texts = failures.map(({ field, message }) => `${field}: ${message}`);
  if (texts.length > 0)
    throw inTerm(badRequest(texts.length === 1 ? (texts[0] as string) : `[${texts.join(", ")}]`));
}

function unexpected({ text }: Token, expected: string): StatusError {
  return badRequest(`found '${text}'${expected}`);
}

function inTerm({ status }: StatusError): StatusError {
  return badRequest(`unable to parse requirement: ${status.message}`);
}

function badRequest(message: string): StatusError {
  return new StatusError("BadRequest", message);
}
