// Tables that scroll sideways on a narrow screen, and can be reached and scrolled by keyboard.
import { type Fillable, type Markup, markup } from "./markup.js";
import type { ColorToken } from "./palette.js";

export interface TableParts {
  /** Said by screen readers and shown above unless hidden. */
  readonly caption: string;
  readonly hideCaption?: boolean;
  readonly className?: string;
  readonly id?: string;
  readonly head: readonly Fillable[];
  /** Each row's first cell is its head. Cells may be whole <td>s. */
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly id?: string;
  readonly head: Fillable;
  readonly cells: readonly TableCell[];
}

export interface TableCell {
  readonly content: Fillable;
  readonly className?: string;
  /** 0..1: drawn as a bar behind the cell. */
  readonly share?: number;
  readonly barToken?: ColorToken;
  /** What to sort by. */
  readonly sortValue?: number | string | null;
}

export function tableMarkup(parts: TableParts): Markup {
  const heads = parts.head.map((head) => markup`<th scope="col">${head}</th>`);
  const captionClass = parts.hideCaption === true ? "visually-hidden" : "";
  const table = markup`<table class="${parts.className ?? ""}"${attribute("id", parts.id)}><caption class="${captionClass}">${parts.caption}</caption><thead><tr>${heads}</tr></thead><tbody>${parts.rows.map(rowMarkup)}</tbody></table>`;
  return markup`<div class="scroll" role="region" aria-label="${parts.caption}" tabindex="0">${table}</div>`;
}

function rowMarkup(row: TableRow): Markup {
  return markup`<tr${attribute("id", row.id)}><th scope="row">${row.head}</th>${row.cells.map(cellMarkup)}</tr>\n`;
}

function cellMarkup(cell: TableCell): Markup {
  const bar =
    cell.share === undefined
      ? null
      : markup` style="--share:${cell.share.toFixed(4)}${cell.barToken === undefined ? null : `;--bar:var(--${cell.barToken})`}"`;
  const className = [cell.className ?? "", cell.share === undefined ? "" : "bar"].join(" ").trim();
  const sort = cell.sortValue === undefined ? null : attribute("data-sort", String(cell.sortValue ?? ""));
  return markup`<td${attribute("class", className === "" ? undefined : className)}${sort}${bar}>${cell.content}</td>`;
}

function attribute(name: "id" | "class" | "data-sort", value: string | undefined): Markup | null {
  if (value === undefined) return null;
  switch (name) {
    case "id":
      return markup` id="${value}"`;
    case "class":
      return markup` class="${value}"`;
    case "data-sort":
      return markup` data-sort="${value}"`;
  }
}
