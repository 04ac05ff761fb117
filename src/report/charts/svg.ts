// One chart as inline SVG: drawn by echarts without a browser, then made fit for a page.
// Fit means: theme variables for colours, no script, style element, class, id or reference, a name for screen readers,
// and the value of a mark as its <title>, which browsers show on hover without JavaScript.
import { CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { escapeHtml, type Markup, trustedMarkup } from "../markup.js";
import { themed } from "../palette.js";

use([LineChart, ScatterChart, CustomChart, GridComponent, SVGRenderer]);

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

export interface ChartText {
  /** What the drawing is, in a few words. */
  readonly title: string;
  /** What it shows, in a sentence or two, for those who do not see it. */
  readonly description: string;
  /** Text of a mark on hover: series index and data index -> text. */
  readonly hover?: (series: number, index: number) => string | null;
}

/** Draw `option` at `size`. The SVG scales with its container; text keeps its proportion to it. */
export function renderSvg(option: EChartsCoreOption, size: ChartSize, text: ChartText): Markup {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  try {
    chart.setOption({ animation: false, ...option });
    return trustedMarkup(fitForPage(chart.renderToSVGString(), size, text));
  } finally {
    // Without this the process never ends.
    chart.dispose();
  }
}

function fitForPage(svg: string, { width, height }: ChartSize, text: ChartText): string {
  const body = svg
    .replace(/^[\s\S]*?<svg[^>]*>/, "")
    .replace(/<\/svg>\s*$/, "")
    .replace(/<style[\s\S]*?<\/style>|<defs[\s\S]*?<\/defs>/g, "")
    .replace(/<rect[^>]*fill="none"><\/rect>/, "")
    .replace(/ (?:class|clip-path|pointer-events|xml:space|ecmeta_ssr_type)="[^"]*"/g, "")
    .replace(/font-family:[^;"]*;?/g, "")
    .replace(/(\d\.\d\d)\d+/g, "$1")
    .replace(/\n+/g, "");
  const open =
    `<svg viewBox="0 0 ${width} ${height}" role="img" xmlns="http://www.w3.org/2000/svg" ` +
    `aria-label="${escapeHtml(`${text.title}. ${text.description}`)}">`;
  return `${open}<desc>${escapeHtml(text.description)}</desc>${themed(withHover(body, text.hover))}</svg>`;
}

/** Turn the renderer's data marks into <title> children. */
function withHover(svg: string, hover: ChartText["hover"]): string {
  const mark = /<(\w+)([^>]*?) ecmeta_series_index="(\d+)" ecmeta_data_index="(\d+)"([^>]*)><\/\1>/g;
  const titled = svg.replace(
    mark,
    (_, tag: string, before: string, series: string, index: string, after: string) => {
      const text = hover?.(Number(series), Number(index)) ?? null;
      const title = text === null ? "" : `<title>${escapeHtml(text)}</title>`;
      return `<${tag}${before}${after}>${title}</${tag}>`;
    },
  );
  return titled.replace(/ ecmeta_\w+="[^"]*"/g, "");
}
