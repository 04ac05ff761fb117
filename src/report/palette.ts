// Colours and shapes of the page. Charts are drawn with stand-in colours, one per token, and the finished SVG gets
// `var(--token)` in their place, so that light, dark and print pages share one drawing.
// Series colours are Okabe and Ito's, safe for colour-blind readers; shape repeats what colour says.

/** Custom properties that style.css defines for every theme. The position is the number in the stand-in colour. */
const COLOR_TOKENS = [
  ...["ink", "muted", "faint", "line", "surface", "accent", "good", "bad", "neutral"],
  ...["series-0", "series-1", "series-2", "series-3", "series-4", "series-5", "series-6", "series-7"],
] as const;
export type ColorToken = (typeof COLOR_TOKENS)[number];

const STAND_IN = /#0c00([0-9a-f]{2})/g;

/** The stand-in colour that a chart is drawn with. */
export function standIn(token: ColorToken): string {
  return `#0c00${COLOR_TOKENS.indexOf(token).toString(16).padStart(2, "0")}`;
}

/** Put `var(--token)` where stand-ins are. */
export function themed(svg: string): string {
  return svg.replace(
    STAND_IN,
    (_, index: string) => `var(--${COLOR_TOKENS[Number.parseInt(index, 16)] ?? "ink"})`,
  );
}

export interface SeriesStyle {
  readonly token: ColorToken;
  /** Marker, in the chart library's names. */
  readonly symbol: "rect" | "circle" | "triangle" | "diamond" | "roundRect" | "pin" | "arrow";
  /** The same shape as text, for legends and tables. */
  readonly glyph: string;
}

const STYLES: readonly SeriesStyle[] = [
  { token: "series-0", symbol: "rect", glyph: "■" },
  { token: "series-1", symbol: "circle", glyph: "●" },
  { token: "series-2", symbol: "triangle", glyph: "▲" },
  { token: "series-3", symbol: "diamond", glyph: "◆" },
  { token: "series-4", symbol: "roundRect", glyph: "▪" },
  { token: "series-5", symbol: "pin", glyph: "▾" },
  { token: "series-6", symbol: "arrow", glyph: "▴" },
];
/** The modes that reports are usually about keep their colour from page to page. */
const KNOWN_MODES = ["userspace", "iptables", "ipvs", "nftables"];

/** The style of each series of a page; names that are not known modes take what is left, in order. */
export function seriesStyles(names: readonly string[]): ReadonlyMap<string, SeriesStyle> {
  const free = STYLES.slice(KNOWN_MODES.length);
  const styles = new Map<string, SeriesStyle>();
  for (const name of names) {
    const known = KNOWN_MODES.indexOf(name);
    const taken = styles.size;
    const style = known >= 0 ? STYLES[known] : (free.shift() ?? STYLES[taken % STYLES.length]);
    styles.set(name, style as SeriesStyle);
  }
  return styles;
}

/** Blue and orange first: what is drawn most often has few parts, and these two differ for everybody. */
const PART_ORDER = [2, 1, 3, 0, 4, 5, 6];

/** Styles of the parts of one drawing, where none of them is a mode; alike from the eighth on. */
export function partStyles(names: readonly string[]): ReadonlyMap<string, SeriesStyle> {
  const style = (index: number) => STYLES[PART_ORDER[index % PART_ORDER.length] as number] as SeriesStyle;
  return new Map(names.map((name, index) => [name, style(index)]));
}
