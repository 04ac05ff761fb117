// A chart with its words: title, badge, the drawing in a wide and a narrow shape, a caption, and the numbers as a table.
import type { Provenance } from "../measure/metrics.js";
import { badge } from "./badge.js";
import type { ChartSize } from "./charts/svg.js";
import { type Fillable, type Markup, markup } from "./markup.js";

const WIDE: ChartSize = { width: 560, height: 350 };
const NARROW: ChartSize = { width: 380, height: 330 };

export interface FigureParts {
  readonly id: string;
  readonly title: string;
  readonly provenances: readonly Provenance[];
  readonly caption: Fillable;
  /** Draws the chart at a size; called for each shape. */
  readonly draw: (size: ChartSize) => Markup;
  /** The values, for those who cannot or would not read them off the drawing; null where a table stands beside it. */
  readonly table: Markup | null;
  /** Height of both shapes when not the usual. */
  readonly height?: number;
}

export function figureMarkup(parts: FigureParts): Markup {
  const sized = (size: ChartSize) => ({ width: size.width, height: parts.height ?? size.height });
  return markup`<figure id="${parts.id}">
<h3>${parts.title} ${parts.provenances.map(badge)}</h3>
<div class="wide">${parts.draw(sized(WIDE))}</div><div class="narrow">${parts.draw(sized(NARROW))}</div>
<figcaption>${parts.caption}</figcaption>
${parts.table === null ? null : markup`<details><summary>Values<span class="visually-hidden"> of ${parts.title}</span></summary>${parts.table}</details>`}
</figure>\n`;
}
