// What it takes to load rules into the kernel: what was given to the tool, counted, beside the time, modelled and measured.
import type { ProgrammingRecord } from "../../../measure/kernel-record.js";
import { badge, numberMarkup } from "../../badge.js";
import { pathMarkup, pathText } from "../../kernel-paths.js";
import { type Markup, markup } from "../../markup.js";
import { countText } from "../../quantity.js";
import { tableMarkup } from "../../table.js";
import { ratioMarkup } from "./ratio.js";

const NS_PER_MS = 1e6;
const CHANGES: Readonly<Record<ProgrammingRecord["change"], string>> = {
  full: "full, empty kernel",
  resync: "full, over the same",
  "one-service": "one Service",
};

export function programmingPart(programming: readonly ProgrammingRecord[]): Markup | null {
  if (programming.length === 0) return null;
  const largest = atLargestSize(programming);
  const others = programming.filter((one) => !largest.includes(one));
  const rest =
    others.length === 0
      ? null
      : markup`<details><summary>At other sizes (${countText(others.length)})</summary>${programmingTable(others)}</details>`;
  return markup`<h3>Programming the kernel</h3>${programmingTable(largest)}${rest}
<p class="note">Time of the tool and the kernel together, from text to rules in force.</p>`;
}

/** What each path was given at most. */
function atLargestSize(programming: readonly ProgrammingRecord[]): readonly ProgrammingRecord[] {
  const largest = new Map<string, number>();
  const nameOf = ({ path, kernel }: ProgrammingRecord) => pathText(path, kernel);
  for (const one of programming)
    largest.set(nameOf(one), Math.max(one.services, largest.get(nameOf(one)) ?? 0));
  return programming.filter((one) => one.services === largest.get(nameOf(one)));
}

function programmingTable(programming: readonly ProgrammingRecord[]): Markup {
  return tableMarkup({
    caption: "Time to load rules, and what was loaded",
    hideCaption: true,
    head: [
      "Path, change",
      "Services",
      markup`Rules ${badge("counted")}`,
      markup`Bytes ${badge("counted")}`,
      "Transactions",
      markup`Time ${badge("modelled")}`,
      markup`Time ${badge("measured-kernel")}`,
      "Ratio",
      "n",
    ],
    rows: programming.map((one) => ({
      head: pathMarkup(one.path, one.kernel, CHANGES[one.change]),
      cells: [
        { content: countText(one.services) },
        { content: numberMarkup(one.rules, "1", "exact", "counted") },
        { content: numberMarkup(one.bytes, "B", 3, "counted") },
        { content: countText(one.transactions) },
        one.modelledMs === null
          ? { content: "–", className: "missing" }
          : { content: numberMarkup(one.modelledMs * NS_PER_MS, "ns", 3, "modelled") },
        { content: loadTime(one) },
        one.modelledMs === null
          ? { content: "–", className: "missing" }
          : { content: ratioMarkup(one.modelledMs / one.measuredMs) },
        { content: countText(one.n) },
      ],
    })),
  });
}

function loadTime({ measuredMs }: ProgrammingRecord): Markup {
  return numberMarkup(measuredMs * NS_PER_MS, "ns", 3, "measured-kernel");
}

/** What the section about syncs shows of it: counted bytes and the measured time. */
export function loadTimeTable(all: readonly ProgrammingRecord[]): Markup {
  const programming = atLargestSize(all);
  return tableMarkup({
    caption: "Bytes loaded and the time it took",
    hideCaption: true,
    head: [
      "Path, change",
      "Services",
      markup`Bytes ${badge("counted")}`,
      markup`Time in the kernel ${badge("measured-kernel")}`,
    ],
    rows: programming.map((one) => ({
      head: pathMarkup(one.path, one.kernel, CHANGES[one.change]),
      cells: [
        { content: countText(one.services) },
        { content: numberMarkup(one.bytes, "B", 3, "counted") },
        { content: loadTime(one) },
      ],
    })),
  });
}
