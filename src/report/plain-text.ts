// Text of a record on one line: control characters could move a terminal's cursor or break a table's row.

/** `text` on one line, without control characters (terminal escapes too). */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, " ");
}

/** Enough of a message to know what went wrong; the whole of it stands with its case. */
export function clippedText(text: string): string {
  const flat = plainText(text);
  return flat.length <= CLIPPED_CHARACTERS ? flat : `${flat.slice(0, CLIPPED_CHARACTERS - 1)}…`;
}

const CLIPPED_CHARACTERS = 180;
