// Everything that is wrong with a text that is read line by line: a mistake ends its line, not the reading.
import { oneLine } from "../base/document/one-line.js";
import { PlumbError } from "../base/errors.js";

/** More than these are counted, not listed. */
const LISTED_MAX = 20;
/** A text with more is not what it should be: its rest need not be read. */
const COUNTED_MAX = 10_000;

export class TextMistakes {
  readonly #listed: PlumbError[] = [];
  #count = 0;

  /** Note what the reader of a line threw. @throws whatever is no mistake of the text */
  note(error: unknown): void {
    if (!(error instanceof PlumbError) || error.position === null) throw error;
    this.#count++;
    if (this.#listed.length < LISTED_MAX) this.#listed.push(error);
  }

  get isFull(): boolean {
    return this.#count >= COUNTED_MAX;
  }

  /** @throws {PlumbError} InvalidInput with one line "file:line:col: message" per mistake, when there is any */
  throwIfAny(): void {
    const [first] = this.#listed;
    if (first === undefined) return;
    const lines = this.#listed.map(({ message }) => oneLine(message));
    const more = this.#count - this.#listed.length;
    if (more > 0) lines.push(`and ${more} more${this.isFull ? "; the rest was not read" : ""}`);
    throw new PlumbError("InvalidInput", lines.join("\n"));
  }
}
