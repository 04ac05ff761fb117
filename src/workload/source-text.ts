// A text with line numbers, and the checks that any text must pass before it is parsed.
import type { SourcePosition } from "../base/errors.js";

/** Values nested deeper than this are refused: no Kubernetes object comes near, and parsers recurse. */
export const DEPTH_MAX = 200;

/** ASCII's control characters but tab and line ends, and the two code points that are never characters. */
const BINARY = /[^\P{Cc}\t\n\r\u0080-\u009f]|[\ufffe\uffff]/u;

/** What is wrong with a text, and where. `offset` is a UTF-16 index. */
export interface TextError {
  readonly offset: number;
  readonly message: string;
}

export class SourceText {
  readonly file: string;
  readonly text: string;
  #lineStarts: number[] | null = null;

  constructor(file: string, text: string) {
    this.file = file;
    // A byte order mark is no content. Positions count from behind it, as editors show them.
    this.text = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  /** Line and column, from 1, of a UTF-16 index. Cost: O(text) once, then O(log lines). */
  positionAt(offset: number): SourcePosition {
    this.#lineStarts ??= lineStarts(this.text);
    const starts = this.#lineStarts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { file: this.file, line: low + 1, column: offset - (starts[low] as number) + 1 };
  }

  /** The first character that no text file has, or null. */
  findBinary(): TextError | null {
    const offset = this.text.search(BINARY);
    if (offset < 0) return null;
    const code = this.text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, "0");
    return {
      offset,
      message: `control character U+${code}, expected YAML or JSON text (is this a binary file?)`,
    };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
