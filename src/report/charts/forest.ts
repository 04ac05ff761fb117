// One row of a forest plot: estimate and interval of a change, with the band of changes that do not matter behind it.
// Drawn by hand, not by the chart library: a row is four shapes, stands in a table cell, and there may be hundreds.
//
//        -10%          0          +10%
//   |      [........ margin ........]   |
//   |              o---[#]---o          |     interval and estimate on an axis of log ratios
import type { ComparisonRow } from "../../measure/comparison.js";
import { VERDICT_LOOKS, verdictText } from "../comparison-words.js";
import { escapeHtml, type Markup, trustedMarkup } from "../markup.js";

const WIDTH = 260;
const HEIGHT = 24;
const MIDDLE = HEIGHT / 2;
/** Room for arrows of what lies beyond the scale. */
const EDGE = 10;
const REACH_MIN = 0.1;
const REACH_MAX = 2;

/** The largest change that the scale shows, to both sides, as a ratio less one: 0.1 is 10%. */
export function forestReach(rows: readonly ComparisonRow[]): number {
  const ends = rows.flatMap((row) => [row.change ?? 0, ...(row.ci95 ?? []), row.margin]);
  const farthest = ends.reduce((most, end) => Math.max(most, Math.abs(Math.log1p(Math.max(-0.99, end)))), 0);
  return Math.min(REACH_MAX, Math.max(REACH_MIN, Math.expm1(farthest) * 1.05));
}

/** The scale's ends and middle, for the head of the column. */
export function forestAxis(reach: number): Markup {
  const high = `+${Math.round(reach * 100)}%`;
  const low = `\u2212${Math.round((1 - 1 / (1 + reach)) * 100)}%`;
  const text = (x: number, anchor: string, label: string) =>
    `<text x="${x}" y="15" text-anchor="${anchor}" font-size="12" fill="var(--muted)">${label}</text>`;
  return trustedMarkup(
    `<svg class="forest" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="scale from ${low} to ${high}, in the middle no change">` +
      `${text(EDGE, "start", low)}${text(WIDTH / 2, "middle", "0")}${text(WIDTH - EDGE, "end", high)}</svg>`,
  );
}

export function forestRow(row: ComparisonRow, reach: number): Markup {
  const x = (change: number) => xOf(change, reach);
  const color = `var(--${VERDICT_LOOKS[row.verdict].token})`;
  const parts = [
    `<rect x="${x(-row.margin)}" y="2" width="${(x(row.margin) - x(-row.margin)).toFixed(1)}" height="${HEIGHT - 4}" fill="var(--sunk)"></rect>`,
    `<path d="M${WIDTH / 2} 0V${HEIGHT}" stroke="var(--line)"></path>`,
  ];
  if (row.ci95 !== null) {
    const [low, high] = row.ci95;
    parts.push(
      `<path d="M${x(low)} ${MIDDLE}H${x(high)}M${x(low)} 8V16M${x(high)} 8V16" stroke="${color}" stroke-width="1.5" fill="none"></path>`,
    );
  }
  if (row.change !== null)
    parts.push(markOf(row, x(row.change), color, Math.abs(Math.log1p(row.change)) > Math.log1p(reach)));
  const label = escapeHtml(`${row.metric}: ${verdictText(row)}`);
  return trustedMarkup(
    `<svg class="forest" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">${parts.join("")}</svg>`,
  );
}

/** Filled square: worse. Filled circle: better. Hollow circle: not settled. Bar: settled, and does not matter. */
function markOf(row: ComparisonRow, x: number, color: string, beyond: boolean): string {
  if (beyond) {
    const way = (row.change ?? 0) > 0 ? 1 : -1;
    return `<path d="M${x} ${MIDDLE - 6}l${way * 8} 6l${-way * 8} 6z" fill="${color}"></path>`;
  }
  switch (row.verdict) {
    case "regressed":
      return `<rect x="${x - 5}" y="${MIDDLE - 5}" width="10" height="10" fill="${color}"></rect>`;
    case "improved":
      return `<circle cx="${x}" cy="${MIDDLE}" r="5.5" fill="${color}"></circle>`;
    case "inconclusive":
      return `<circle cx="${x}" cy="${MIDDLE}" r="5" fill="var(--surface)" stroke="${color}" stroke-width="1.5"></circle>`;
    default:
      return `<path d="M${x} 5V19" stroke="${color}" stroke-width="3"></path>`;
  }
}

/** Log ratios: half and double are equally far from no change. */
function xOf(change: number, reach: number): number {
  const share = Math.log1p(Math.max(-0.99, change)) / Math.log1p(reach);
  const clamped = Math.min(1, Math.max(-1, share));
  return Number((WIDTH / 2 + (clamped * (WIDTH - 2 * EDGE)) / 2).toFixed(1));
}
