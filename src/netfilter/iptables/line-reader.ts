// The line being read: its words, and how to refuse one of them.
import type { Family } from "../../base/ip.js";
import { PlumbError } from "../../base/errors.js";
import type { RowContext } from "./option-values.js";
import { Words } from "./quote.js";

/** What a reader of the results must know: something in the text that the rule model does not hold. */
export interface ParseWarning {
  readonly message: string;
  /** Where it was met first. */
  readonly line: number;
  readonly column: number;
  /** How often it was met. */
  count: number;
}

export class LineReader implements RowContext {
  readonly words = new Words();
  readonly warnings = new Map<string, ParseWarning>();
  readonly #file: string;
  #family: Family | null;
  /** Counts from 1. */
  line = 0;
  /** Whether something was warned of in this line. */
  hasWarned = false;
  #length = 0;

  constructor(file: string, family: Family | null) {
    this.#file = file;
    this.#family = family;
  }

  /** IPv4 until an address says otherwise. */
  get family(): Family {
    return this.#family ?? "IPv4";
  }

  /** Note the family that the text shows; the first sign decides. */
  suggestFamily(family: Family): void {
    this.#family ??= family;
  }

  /** Split the line that lies from `start` to `end` of `text`. */
  read(text: string, start: number, end: number): void {
    this.line++;
    this.hasWarned = false;
    this.#length = end - start;
    this.words.split(text, start, end);
    if (this.words.openQuote >= 0) this.fail(this.words.openQuote, 'quote is never closed, expected "..."');
  }

  /** The word at `index`, or a message that says what was expected there. */
  word(index: number, expected: string): string {
    if (index >= this.words.count) this.failAtEnd(`the line ends, expected ${expected}`);
    return this.words.texts[index] as string;
  }

  /** @param offset from the start of the line, from 0 */
  fail(offset: number, message: string): never {
    throw new PlumbError("InvalidInput", message, {
      position: { file: this.#file, line: this.line, column: offset + 1 },
    });
  }

  failAtWord(index: number, message: string): never {
    this.fail(this.words.offsets[index] ?? 0, message);
  }

  failAtEnd(message: string): never {
    this.fail(this.#length, message);
  }

  /** Equal messages are counted, not repeated. */
  warn(offset: number, message: string, line = this.line): void {
    this.hasWarned = true;
    const known = this.warnings.get(message);
    if (known) known.count++;
    else this.warnings.set(message, { message, line, column: offset + 1, count: 1 });
  }
}
