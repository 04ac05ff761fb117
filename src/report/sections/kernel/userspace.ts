// The userspace mode for real: operations through a proxy process against direct ones.
import type { UserspaceRecord } from "../../../measure/kernel-record.js";
import { badge, numberMarkup } from "../../badge.js";
import { pairsByName } from "../../grid.js";
import { type Markup, markup } from "../../markup.js";
import { countText } from "../../quantity.js";
import { tableMarkup } from "../../table.js";

export function userspacePart({ rows }: UserspaceRecord): Markup | null {
  if (rows.length === 0) return null;
  const table = tableMarkup({
    caption: "Operations through a userspace proxy and without it",
    hideCaption: true,
    head: [
      "Operation",
      markup`Direct ${badge("measured-kernel")}`,
      markup`Proxied ${badge("measured-kernel")}`,
      "Times as long",
      markup`Proxy's CPU ${badge("measured-kernel")}`,
      "n",
    ],
    rows: rows.map(({ operation, labels, directNs, proxiedNs, proxyCpuNs, n }) => {
      const more = pairsByName(labels).map(([name, value]) => `${name}=${value}`);
      return {
        head: markup`${operation}${more.length === 0 ? null : markup` <span class="muted">${more.join(" ")}</span>`}`,
        cells: [
          { content: numberMarkup(directNs, "ns", 3, "measured-kernel") },
          { content: numberMarkup(proxiedNs, "ns", 3, "measured-kernel") },
          { content: (proxiedNs / directNs).toFixed(1) },
          { content: numberMarkup(proxyCpuNs, "ns", 3, "measured-kernel") },
          { content: countText(n) },
        ],
      };
    }),
  });
  return markup`<h3>The userspace mode for real</h3>${table}
<p class="note">A proxy in Node on a loopback, median of wall times: client, proxy and server share the processors, so these depend on how they are scheduled.</p>`;
}
