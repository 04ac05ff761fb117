// Marks that the chart library has no series for, as its custom series: bands, whiskers, drop lines, labels at line ends.
import { type ColorToken, standIn } from "../palette.js";

/** A place on the axes, as the axes count (log10 where they are logarithmic). */
export type Place = readonly [number, number];

interface DrawApi {
  coord(place: Place): [number, number];
}
interface DrawParams {
  readonly coordSys: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
}
type Shape = Record<string, unknown>;

/** One custom series that draws `shapes` once. */
function drawn(
  z: number,
  shapes: (api: DrawApi, params: DrawParams) => Shape | null,
): Record<string, unknown> {
  return {
    type: "custom",
    silent: true,
    z,
    data: [[0, 0]],
    encode: { x: [], y: [] },
    renderItem: (params: DrawParams, api: DrawApi) => shapes(api, params),
  };
}

/** A filled area between a lower and an upper edge. */
export function band(
  lower: readonly Place[],
  upper: readonly Place[],
  token: ColorToken,
): Record<string, unknown> {
  return drawn(1, (api) => ({
    type: "polygon",
    shape: { points: [...lower, ...upper.toReversed()].map((place) => api.coord(place)) },
    style: { fill: standIn(token), opacity: 0.13 },
  }));
}

/** Straight segments between pairs of places. */
export function segments(
  pairs: readonly (readonly [Place, Place])[],
  token: ColorToken,
  options: { width: number; dashed: boolean; z: number },
): Record<string, unknown> {
  const { width, dashed, z } = options;
  return drawn(z, (api) => ({
    type: "group",
    children: pairs.map(([from, to]) => {
      const [[x1, y1], [x2, y2]] = [api.coord(from), api.coord(to)];
      const style = {
        stroke: standIn(token),
        lineWidth: width,
        fill: "none",
        ...(dashed ? { lineDash: [3, 3] } : {}),
      };
      return { type: "line", shape: { x1, y1, x2, y2 }, style };
    }),
  }));
}

/** Short horizontal ticks, `halfWidth` px to both sides. */
export function dashes(
  places: readonly Place[],
  token: ColorToken,
  halfWidth: number,
): Record<string, unknown> {
  return drawn(4, (api) => ({
    type: "group",
    children: places.map((place) => {
      const [x, y] = api.coord(place);
      const style = { stroke: standIn(token), lineWidth: 1.5, fill: "none" };
      return { type: "line", shape: { x1: x - halfWidth, y1: y, x2: x + halfWidth, y2: y }, style };
    }),
  }));
}

export interface TextMark {
  readonly place: Place;
  readonly text: string;
  readonly token: ColorToken;
}

/** Names right of where lines end, moved apart where they would cover each other. */
export function endLabels(marks: readonly TextMark[], fontSize: number): Record<string, unknown> {
  const lineHeight = fontSize + 3;
  return drawn(6, (api, { coordSys }) => {
    const wanted = marks
      .map((mark) => ({ mark, at: api.coord(mark.place) }))
      .sort((a, b) => a.at[1] - b.at[1] || a.mark.text.localeCompare(b.mark.text));
    const ys = spread(
      wanted.map((one) => one.at[1]),
      lineHeight,
      coordSys.y,
      coordSys.y + coordSys.height,
    );
    const x = coordSys.x + coordSys.width + 9;
    const children = wanted.map(({ mark }, index) => textShape(mark, x, ys[index] ?? 0, fontSize, "left"));
    return { type: "group", children };
  });
}

/** Rings with a letter beside them. */
export function rings(marks: readonly TextMark[], fontSize: number): Record<string, unknown> {
  return drawn(7, (api) => ({
    type: "group",
    children: marks.flatMap((mark, index) => {
      const [cx, cy] = api.coord(mark.place);
      const style = { stroke: standIn(mark.token), fill: "none", lineWidth: 1.5 };
      const dy = index % 2 === 0 ? -fontSize : fontSize;
      return [
        { type: "circle", shape: { cx, cy, r: 5.5 }, style },
        textShape(mark, cx, cy + dy * 1.2, fontSize, "center"),
      ];
    }),
  }));
}

function textShape(mark: TextMark, x: number, y: number, fontSize: number, align: "left" | "center"): Shape {
  const style = {
    text: mark.text,
    fill: standIn(mark.token),
    fontSize,
    fontWeight: 600,
    align,
    verticalAlign: "middle",
  };
  return { type: "text", x, y, style };
}

/** Move rising positions apart to at least `gap`, inside [low, high] where that is possible. */
export function spread(
  positions: readonly number[],
  gap: number,
  low: number,
  high: number,
): readonly number[] {
  const result = positions.slice();
  for (let index = 0; index < result.length; index++) {
    const floor = index === 0 ? low : (result[index - 1] as number) + gap;
    result[index] = Math.max(result[index] as number, floor);
  }
  for (let index = result.length - 1; index >= 0; index--) {
    const ceiling = index === result.length - 1 ? high : (result[index + 1] as number) - gap;
    result[index] = Math.min(result[index] as number, ceiling);
  }
  return result;
}
