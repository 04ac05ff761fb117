// What every section of a page is handed: the record, and what is worked out from it once.
import type { CaseRecord, RunRecord } from "../measure/run-record.js";
import { type Grid, gridsOf } from "./grid.js";
import { type Markup, markup } from "./markup.js";
import { type SeriesStyle, seriesStyles } from "./palette.js";

export interface ReportView {
  readonly record: RunRecord;
  readonly grids: readonly Grid[];
  readonly styles: ReadonlyMap<string, SeriesStyle>;
  /** Case -> id of its row on the page. */
  readonly anchors: ReadonlyMap<CaseRecord, string>;
}

/** A section of the page; null when the record holds nothing for it. */
export interface Section {
  readonly id: string;
  /** In the page's navigation. */
  readonly label: string;
  readonly body: Markup;
}

export function reportView(record: RunRecord): ReportView {
  const grids = gridsOf(record.cases);
  const modes = [...new Set(grids.flatMap((grid) => grid.modes))];
  return { record, grids, styles: seriesStyles(modes), anchors: anchorsOf(record.cases) };
}

/** A mode's name with its colour and shape. */
export function modeMarkup(view: ReportView, mode: string): Markup {
  const style = view.styles.get(mode);
  if (style === undefined) return markup`<span class="mode">${mode}</span>`;
  return markup`<span class="mode"><span class="glyph" style="color:var(--${style.token})" aria-hidden="true">${style.glyph}</span>${mode}</span>`;
}

/** "case-mode-iptables-services-1000": stable from run to run, so that links keep working; made unique. */
function anchorsOf(cases: readonly CaseRecord[]): ReadonlyMap<CaseRecord, string> {
  const taken = new Set<string>();
  const anchors = new Map<CaseRecord, string>();
  for (const one of cases) {
    const base = `case-${one.id.replace(/[^A-Za-z0-9.]+/g, "-")}`;
    let anchor = base;
    for (let copy = 2; taken.has(anchor); copy++) anchor = `${base}-${copy}`;
    taken.add(anchor);
    anchors.set(one, anchor);
  }
  return anchors;
}
