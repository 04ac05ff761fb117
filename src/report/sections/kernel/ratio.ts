// Modelled over measured: the number, and a sign where it is not near one.
import { CLOSE_RATIO, isWithin, WIDE_RATIO } from "../../kernel-facts.js";
import { type Markup, markup } from "../../markup.js";

export function ratioMarkup(ratio: number): Markup {
  const text = ratio.toFixed(2);
  if (isWithin(ratio, CLOSE_RATIO)) return markup`${text}`;
  const far = !isWithin(ratio, WIDE_RATIO);
  const words = far
    ? `outside ${WIDE_RATIO.low} to ${WIDE_RATIO.high}`
    : `outside ${CLOSE_RATIO.low} to ${CLOSE_RATIO.high}`;
  return markup`<span class="${far ? "differs" : "strays"}" title="${words}">${text} <span aria-hidden="true">${far ? "✗" : "!"}</span></span>`;
}
