// Ways into a kernel as a page shows them: in the colour of the mode whose rules they take, or in one of their own.
import type { KernelKind, KernelPath } from "../measure/kernel-record.js";
import { type Markup, markup } from "./markup.js";
import { type ColorToken, seriesStyles } from "./palette.js";

const MODE_LIKE: Readonly<Record<KernelPath, string>> = {
  "iptables-legacy": "iptables",
  "iptables-nft": "iptables-nft",
  nftables: "nftables",
  ipset: "ipset",
  ipvs: "ipvs",
};
const STYLES = seriesStyles(Object.values(MODE_LIKE));

export function pathToken(path: KernelPath): ColorToken {
  return STYLES.get(MODE_LIKE[path])?.token ?? "ink";
}

/**
 * A path's name with its colour, and what else tells a row of a table from others. Charts of paths tell packets, not
 * paths, by shape.
 */
export function pathMarkup(path: KernelPath, kernel: KernelKind = "native", more = ""): Markup {
  const words = [kernel === "native" ? "" : "user-mode", more].filter(Boolean).join(", ");
  const where = words === "" ? null : markup` <span class="muted">${words}</span>`;
  return markup`<span class="mode"><span class="glyph" style="color:var(--${pathToken(path)})" aria-hidden="true">■</span>${path}</span>${where}`;
}

/** The same as plain text. */
export function pathText(path: KernelPath, kernel: KernelKind): string {
  return kernel === "native" ? path : `${path} (user-mode)`;
}
