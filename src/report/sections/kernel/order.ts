// What a choice of mode hangs on: the order of paths, where one overtakes another, and the controls that tell how far a
// time can be trusted.
import type { CrossoverRecord, TimingRecord } from "../../../measure/kernel-record.js";
import { badge, numberMarkup } from "../../badge.js";
import { pathMarkup } from "../../kernel-paths.js";
import { type Markup, markup } from "../../markup.js";
import { countText, percentText } from "../../quantity.js";
import { tableMarkup } from "../../table.js";

export function orderPart({ order, crossovers, controls, points }: TimingRecord): Markup {
  const pairs =
    order.pairs === 0
      ? "No two paths are farther apart than the model errs."
      : `The model has ${countText(order.agreed)} of ${countText(order.pairs)} pairs of paths in the order that the kernel has them in; pairs closer than its error are left out.`;
  return markup`<h3>Which path is faster</h3><p>${pairs}</p>
${crossovers.length === 0 ? null : crossoverTable(crossovers)}${crossovers.some(isOfUserMode(points)) ? USER_MODE_NOTE : null}
<h3>Controls</h3>${controlTable(controls)}`;
}

const USER_MODE_NOTE = markup`<p class="note">Pairs with ipvs are of user-mode Linux, both paths in that kernel.</p>`;

/** A pair with ipvs, where only a user-mode Linux has it. */
function isOfUserMode(points: TimingRecord["points"]): (pair: CrossoverRecord) => boolean {
  const hasNative = points.some(({ path, kernel }) => path === "ipvs" && kernel === "native");
  return ({ a, b }) => !hasNative && (a === "ipvs" || b === "ipvs");
}

function crossoverTable(crossovers: readonly CrossoverRecord[]): Markup {
  return tableMarkup({
    caption: "Where one path overtakes another, in Services",
    hideCaption: true,
    head: [
      "Overtakes, packet",
      markup`From Services ${badge("modelled")}`,
      markup`From Services ${badge("measured-kernel")}`,
      "Same step",
    ],
    rows: crossovers.map(({ a, b, packet, modelledAt, measuredAt, sameStep }) => ({
      head: markup`${pathMarkup(b)} <span class="muted">over</span> ${pathMarkup(a, "native", packet)}`,
      cells: [
        { content: sizeText(modelledAt) },
        { content: sizeText(measuredAt) },
        {
          content: sameStep
            ? "yes"
            : markup`<span class="strays">no <span aria-hidden="true">!</span></span>`,
        },
      ],
    })),
  });
}

function sizeText(services: number | null): string {
  return services === null ? "never" : countText(services);
}

const CONTROLS = { none: "no netfilter", conntrack: "conntrack only" } as const;

function controlTable(controls: TimingRecord["controls"]): Markup {
  return tableMarkup({
    caption: "Nodes without rules",
    hideCaption: true,
    head: ["Control", markup`Time ${badge("measured-kernel")}`, "Noise"],
    rows: controls.map(({ control, kernel, packet, ns, noise }) => ({
      head: markup`${CONTROLS[control]} <span class="muted">${kernel === "native" ? "" : `${kernel}, `}${packet}</span>`,
      cells: [{ content: numberMarkup(ns, "ns", 3, "measured-kernel") }, { content: percentText(noise) }],
    })),
  });
}
