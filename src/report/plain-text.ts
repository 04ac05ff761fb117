// Text of a record on a terminal or in a Markdown table: control characters could move the cursor or break a row.

/** `text` on one line, without control characters (terminal escapes too). */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, " ");
}
