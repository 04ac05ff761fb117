// One stacked bar, drawn by hand like the rows of a forest plot: it stands in a table cell beside its numbers.
//
//   |■■■■■■■|□□|▒▒▒▒▒▒▒▒▒▒▒▒▒|           |     parts in order, on a scale from zero that all rows share
import { escapeHtml, type Markup, trustedMarkup } from "../markup.js";
import type { ColorToken } from "../palette.js";

const WIDTH = 260;
const HEIGHT = 20;
/** Between parts, so that their ends show without colour. */
const GAP = 1.5;

export interface StackPart {
  readonly name: string;
  readonly token: ColorToken;
  readonly value: number;
  /** The value with its unit. */
  readonly text: string;
}

/** @param max value at the right end, above zero */
export function stackBar(name: string, parts: readonly StackPart[], max: number): Markup {
  let x = 0;
  const shapes = parts.map(({ name: part, token, value, text }) => {
    const width = (value / max) * WIDTH;
    const drawn = Math.max(0.5, width - GAP);
    const shape = `<rect x="${x.toFixed(2)}" y="3" width="${drawn.toFixed(2)}" height="${HEIGHT - 6}" fill="var(--${token})"><title>${escapeHtml(`${part}: ${text}`)}</title></rect>`;
    x += width;
    return shape;
  });
  const label = escapeHtml(`${name}: ${parts.map((part) => `${part.name} ${part.text}`).join(", ")}`);
  return trustedMarkup(
    `<svg class="stack" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">` +
      `<path d="M0 ${HEIGHT - 1}H${WIDTH}" stroke="var(--faint)"></path>${shapes.join("")}</svg>`,
  );
}
