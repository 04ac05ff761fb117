// The one text that `plumb compile --mode nftables` prints: loads into a kernel without the table, and, as it begins by
// deleting it, into one with it too.
import { nftTableText } from "../../netfilter/nftables/text.js";
import type { ProxyConfig } from "../config.js";
import type { ProxyState } from "../service-port.js";
import { compileNftables } from "./compile.js";

/** Elements per command: short enough lines to read, long enough to load quickly. */
const ELEMENTS_PER_COMMAND = 64;

/** Chunks of whole lines. Cost: that of compiling the whole state. */
export function* nftablesDocument(state: ProxyState, config: ProxyConfig): Generator<string> {
  const { table } = compileNftables(state, config);
  const at = `${table.family === "IPv4" ? "ip" : "ip6"} ${table.name}`;
  // Deleting needs the table to exist, so it is made first.
  yield `add table ${at}\ndelete table ${at}\n`;
  yield* nftTableText(table, { elementsPerCommand: ELEMENTS_PER_COMMAND });
}
