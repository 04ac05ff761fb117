// "did you mean": the known word nearest to a misspelt one, as the end of a message.
import { nearestWord } from "../nearest-word.js";

/** ` (did you mean "x"?)`, or "" when no known word is near. */
export function suggestion(got: string, known: readonly string[]): string {
  const word = nearestWord(got, known);
  return word === null ? "" : ` (did you mean "${word}"?)`;
}
