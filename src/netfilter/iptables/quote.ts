// Words as iptables-restore reads them: separated by blanks, or in double quotes with backslash escapes.
// Source: iptables/xshared.c add_param_to_argv (reading), libxtables xtables_save_string (writing).

/** Quote only where reading needs it: what kube-proxy writes, "ns/svc:p" bare and "ns/svc:p cluster IP" quoted. */
export function quoteWord(word: string): string {
  return word === "" || /[\s"\\]/.test(word) ? `"${word.replace(/["\\]/g, "\\$&")}"` : word;
}

/** Quote as iptables-save does: everything that is not a letter, a digit, "_" or "-". */
export function quoteSaved(word: string): string {
  return /^[\w-]+$/.test(word) ? word : `"${word.replace(/["'\\]/g, "\\$&")}"`;
}

/** The words of one line and where each starts; reused from line to line to spare garbage. */
export class Words {
  readonly texts: string[] = [];
  /** Offset of each word within the line. */
  readonly offsets: number[] = [];
  count = 0;
  /** Offset of a quote that is never closed, or -1. */
  openQuote = -1;

  /** Split `text` from `start` to `end` (exclusive). */
  split(text: string, start: number, end: number): void {
    this.count = 0;
    this.openQuote = -1;
    let at = start;
    while (at < end) {
      const code = text.charCodeAt(at);
      if (code === SPACE || code === TAB) at++;
      else at = this.#word(text, at, start, end);
    }
  }

  #word(text: string, from: number, lineStart: number, end: number): number {
    let at = from;
    while (at < end) {
      const code = text.charCodeAt(at);
      if (code === SPACE || code === TAB) break;
      if (code === QUOTE) return this.#quoted(text, from, at, lineStart, end);
      at++;
    }
    this.#add(text.slice(from, at), from - lineStart);
    return at;
  }

  /** A closing quote ends the word, as in iptables-restore. */
  #quoted(text: string, from: number, quote: number, lineStart: number, end: number): number {
    let word = text.slice(from, quote);
    let plain = quote + 1;
    for (let at = plain; at < end; at++) {
      const code = text.charCodeAt(at);
      if (code === BACKSLASH && at + 1 < end) {
        word += text.slice(plain, at);
        plain = at + 1;
        at++;
      } else if (code === QUOTE) {
        this.#add(
          plain === quote + 1 && word === "" ? text.slice(plain, at) : word + text.slice(plain, at),
          from - lineStart,
        );
        return at + 1;
      }
    }
    this.openQuote = quote - lineStart;
    return end;
  }

  #add(word: string, offset: number): void {
    this.texts[this.count] = word;
    this.offsets[this.count] = offset;
    this.count++;
  }
}

const SPACE = 32;
const TAB = 9;
const QUOTE = 34;
const BACKSLASH = 92;
