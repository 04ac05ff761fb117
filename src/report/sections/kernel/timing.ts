// Modelled times against measured ones: drawings, scores by path, and every point.
import type { KernelKind, PacketKind, TimingPoint, TimingRecord } from "../../../measure/kernel-record.js";
import { sharePercent } from "../../../measure/kernel-verdict.js";
import { badge, numberMarkup, prettyUnits } from "../../badge.js";
import { type AgreementSeries, agreementSvg } from "../../charts/agreement.js";
import { figureMarkup } from "../../figure.js";
import { CLOSE_RATIO, isWithin, scoreTotals } from "../../kernel-facts.js";
import { pathMarkup, pathText, pathToken } from "../../kernel-paths.js";
import { joinMarkup, type Markup, markup } from "../../markup.js";
import { countText, percentText, quantityText } from "../../quantity.js";
import { tableMarkup } from "../../table.js";
import { orderPart } from "./order.js";
import { ratioMarkup } from "./ratio.js";

const SHAPES: Readonly<
  Record<PacketKind, { readonly symbol: "circle" | "diamond"; readonly glyph: string }>
> = {
  first: { symbol: "circle", glyph: "●" },
  established: { symbol: "diamond", glyph: "◆" },
};
const KINDS: readonly (readonly [KernelKind, string])[] = [
  ["native", "This machine's kernel"],
  ["user-mode", "User-mode Linux"],
];
const CHART_HEIGHT = 390;

/** @param prices where and when the prices of modelled times were measured */
export function timingPart(timing: TimingRecord, prices: string): Markup {
  const { points, close } = scoreTotals(timing.scores);
  if (points === 0) return markup`<h3>How long packets take</h3><p>No point was timed.</p>`;
  const figures = KINDS.flatMap(([kind, title]) => {
    const own = timing.points.filter(({ kernel }) => kernel === kind);
    return own.length === 0 ? [] : [agreementFigure(kind, title, own)];
  });
  return markup`<h3>How long packets take</h3>
<p>${sharePercent(close / points)} of ${countText(points)} modelled times are within 15% of the measured. Prices that they are made of were measured on ${prices}.</p>
<div class="figures">${figures}</div>
${scoreTable(timing)}
<p class="note">Ratio: modelled over measured. ! outside ${CLOSE_RATIO.low} to ${CLOSE_RATIO.high}, ✗ outside 0.75 to 1.33. Measured: 25th percentile of chunks of packets. ${clockText(timing)}</p>
${pointTables(timing)}${orderPart(timing)}`;
}

const CYCLE_COUNTER = "the cycle counter, preempted chunks dropped";

function clockText({ clock, rounds, roundsRejected, points }: TimingRecord): string {
  const hasBoth = clock !== "tsc" && points.some(({ kernel }) => kernel === "user-mode");
  const own = clock === "tsc" ? CYCLE_COUNTER : "CPU time of the sending thread";
  const name = hasBoth ? `${own}; in user-mode Linux ${CYCLE_COUNTER}` : own;
  const rejected =
    roundsRejected === 0 ? "none rejected" : `${countText(roundsRejected)} more rejected, a control was off`;
  return `Clock: ${name}; ${countText(rounds)} rounds, ${rejected}.`;
}

function agreementFigure(kind: KernelKind, title: string, points: readonly TimingPoint[]): Markup {
  const paths = [...new Set(points.map(({ path }) => path))];
  const packets = (["first", "established"] as const).filter((packet) =>
    points.some((point) => point.packet === packet),
  );
  const series = paths.flatMap((path) =>
    packets.map((packet): AgreementSeries => {
      const own = points.filter((point) => point.path === path && point.packet === packet);
      return {
        token: pathToken(path),
        symbol: SHAPES[packet].symbol,
        points: own.map((point) => ({
          measuredNs: point.measuredNs,
          modelledNs: point.modelledNs,
          text: pointText(point),
        })),
      };
    }),
  );
  const close = points.filter(({ modelledNs, measuredNs }) => isWithin(modelledNs / measuredNs, CLOSE_RATIO));
  const description = `${close.length} of ${points.length} modelled times are within 15% of the measured: ${paths.join(", ")}.`;
  const name = `${title}: modelled against measured`;
  return figureMarkup({
    id: `kernel-agreement-${kind}`,
    title: name,
    provenances: ["modelled", "measured-kernel"],
    caption: markup`${joinMarkup(
      paths.map((path) => pathMarkup(path)),
      " ",
    )} · ${packets.map((packet) => `${SHAPES[packet].glyph} ${packet} packet`).join(", ")}. On the dashed line both agree; shaded: within 15%.${kind === "native" ? null : " Both in the time of that kernel, which is no node's: paths compare, ns do not."}`,
    height: CHART_HEIGHT,
    draw: (size) => agreementSvg({ title: name, description, series, band: CLOSE_RATIO }, size),
    table: null,
  });
}

function pointText({ path, packet, services, target, modelledNs, measuredNs }: TimingPoint): string {
  const print = (ns: number) => quantityText(ns, "ns", 3);
  return `${path}, ${packet} packet, ${countText(services)} Services, ${target} one: modelled ${print(modelledNs)}, measured ${print(measuredNs)}, ratio ${(modelledNs / measuredNs).toFixed(2)}`;
}

function scoreTable({ scores }: TimingRecord): Markup {
  return tableMarkup({
    caption: "How near modelled times are, by path and kind of packet",
    hideCaption: true,
    head: ["Path, packet", "Points", "Within 15%", "Within 0.75 to 1.33", "Farthest ratio"],
    rows: scores.map(({ path, kernel, packet, against, points, withinClose, withinWide, worstRatio }) => ({
      head: pathMarkup(path, kernel, against === undefined ? packet : `${packet}, as a ratio to ${against}`),
      cells: [
        { content: countText(points) },
        {
          content: sharePercent(withinClose),
          ...(withinClose > 0 ? { share: withinClose, barToken: pathToken(path) } : {}),
        },
        { content: sharePercent(withinWide) },
        { content: ratioMarkup(worstRatio) },
      ],
    })),
  });
}

/** Every point, folded by path. */
function pointTables({ points }: TimingRecord): readonly Markup[] {
  const groups = new Map<string, TimingPoint[]>();
  for (const point of points) {
    const name = pathText(point.path, point.kernel);
    groups.set(name, [...(groups.get(name) ?? []), point]);
  }
  return [...groups].map(
    ([name, own]) =>
      markup`<details><summary>${name}: every point (${countText(own.length)})</summary>${pointTable(name, own)}</details>\n`,
  );
}

function pointTable(name: string, points: readonly TimingPoint[]): Markup {
  return tableMarkup({
    caption: `Points of ${name}`,
    hideCaption: true,
    head: [
      "Packet, Services, target",
      markup`Modelled ${badge("modelled")}`,
      markup`Measured ${badge("measured-kernel")}`,
      "Ratio",
      markup`<span title="interquartile range of the chunks over their median">Spread</span>`,
      "Packets",
    ],
    rows: points.map(({ packet, services, target, modelledNs, measuredNs, spread, packets }) => ({
      head: `${packet}, ${countText(services)}, ${target}`,
      cells: [
        { content: numberMarkup(modelledNs, "ns", 3, "modelled") },
        { content: numberMarkup(measuredNs, "ns", 3, "measured-kernel") },
        { content: ratioMarkup(modelledNs / measuredNs) },
        { content: percentText(spread) },
        { content: prettyUnits(countText(packets)) },
      ],
    })),
  });
}
