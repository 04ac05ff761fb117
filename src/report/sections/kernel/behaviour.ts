// Flows that fared in the kernel as the model says: by path, family and cluster, and by kind of packet.
import type { BehaviourRecord } from "../../../measure/kernel-record.js";
import { sharePercent } from "../../../measure/kernel-verdict.js";
import { badge } from "../../badge.js";
import { pairsByName } from "../../grid.js";
import { pathMarkup, pathText } from "../../kernel-paths.js";
import { type Markup, markup } from "../../markup.js";
import { countText } from "../../quantity.js";
import { type TableCell, type TableRow, tableMarkup } from "../../table.js";

export function behaviourPart(behaviour: readonly BehaviourRecord[]): Markup | null {
  if (behaviour.length === 0) return null;
  const table = tableMarkup({
    caption: "Flows that the kernel treats as the model does",
    hideCaption: true,
    head: ["Path, family, rules of", markup`Flows ${badge("counted")}`, "Agree", "Kinds of packet"],
    rows: behaviour.map(behaviourRow),
  });
  return markup`<h3>What becomes of packets</h3>${table}
<details><summary>By kind of packet</summary>${kindTable(behaviour)}</details>`;
}

function behaviourRow(one: BehaviourRecord): TableRow {
  const { path, kernel, family, cluster, flows, agreed, kinds } = one;
  return {
    head: pathMarkup(path, kernel, `${family}, ${cluster}`),
    cells: [
      { content: countText(flows) },
      agreementCell(flows, agreed),
      { content: countText(Object.keys(kinds).length) },
    ],
  };
}

function agreementCell(flows: number, agreed: number): TableCell {
  if (flows === 0) return { content: "–", className: "missing" };
  if (agreed === flows) return { content: markup`<span class="agrees">100%</span>` };
  return {
    content: markup`<span class="differs">${sharePercent(agreed / flows)}</span> <span class="interval">${countText(flows - agreed)} differ</span>`,
  };
}

/** A row per kind, a column per path; families and clusters together. */
function kindTable(behaviour: readonly BehaviourRecord[]): Markup {
  const kinds = [...new Set(behaviour.flatMap((one) => pairsByName(one.kinds).map(([kind]) => kind)))].sort();
  const paths = [...new Set(behaviour.map(({ path, kernel }) => pathText(path, kernel)))];
  const partsOf = (name: string) => behaviour.filter(({ path, kernel }) => pathText(path, kernel) === name);
  return tableMarkup({
    caption: "Flows by kind of packet, and those that differ",
    hideCaption: true,
    head: ["Kind", ...paths.map((name) => markup`${name} ${badge("counted")}`)],
    rows: kinds.map((kind) => ({
      head: kind,
      cells: paths.map((name) => kindCell(partsOf(name).flatMap((part) => part.kinds[kind] ?? []))),
    })),
  });
}

function kindCell(held: readonly { readonly flows: number; readonly agreed: number }[]): TableCell {
  const flows = held.reduce((sum, one) => sum + one.flows, 0);
  if (flows === 0) return { content: "–", className: "missing" };
  const differ = flows - held.reduce((sum, one) => sum + one.agreed, 0);
  if (differ === 0) return { content: countText(flows) };
  return {
    content: markup`${countText(flows)} <span class="interval differs">${countText(differ)} differ</span>`,
  };
}
