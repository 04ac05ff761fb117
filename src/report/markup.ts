// HTML as a type: text from a record can only enter a page through `markup`, which escapes it.
// Why: names, reasons and command lines in a record are not ours; one forgotten escape is an injection.

/** A piece of HTML that is safe to put into a page. Only `markup`, `joinMarkup` and `trustedMarkup` make one. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Fillable = Markup | string | number | null | undefined | readonly Fillable[];

/** Tagged template: literal parts are HTML, every filled part is escaped unless it is Markup. null prints nothing. */
export function markup(parts: TemplateStringsArray, ...fills: readonly Fillable[]): Markup {
  let text = parts[0] ?? "";
  fills.forEach((fill, index) => {
    text += fillText(fill) + (parts[index + 1] ?? "");
  });
  return new Markup(text);
}

export function joinMarkup(pieces: readonly Fillable[], separator = ""): Markup {
  return new Markup(pieces.map(fillText).filter(Boolean).join(separator));
}

/** For text made by this program alone (charts, the style sheet, the page script). */
export function trustedMarkup(text: string): Markup {
  return new Markup(text);
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function fillText(fill: Fillable): string {
  if (fill === null || fill === undefined) return "";
  if (fill instanceof Markup) return fill.text;
  if (typeof fill === "string") return escapeHtml(fill);
  if (typeof fill === "number") return escapeHtml(String(fill));
  return fill.map(fillText).join("");
}
