// A message quotes its input: what would break its line, turn it around or fill the screen is not quoted as it is.

/** More of a message is left out from its middle: its end says what was expected. */
const MESSAGE_CHARS_MAX = 400;

/** The message on one line, control characters as escapes, clipped in the middle. */
export function oneLine(message: string): string {
  return clipped(message).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) =>
    character === "\n" ? "\\n" : `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}

function clipped(message: string): string {
  if (message.length <= MESSAGE_CHARS_MAX) return message;
  const half = MESSAGE_CHARS_MAX / 2;
  const left = message.length - MESSAGE_CHARS_MAX;
  return `${message.slice(0, half)}... (${left} characters left out) ...${message.slice(-half)}`;
}
