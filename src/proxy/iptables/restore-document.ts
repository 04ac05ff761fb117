// The document that kube-proxy feeds to `iptables-restore --noflush --counters`, as text in chunks.
//
//   *filter                      a listed chain is emptied and refilled, an unlisted one is left alone
//   :KUBE-SERVICES - [0:0]  ...  chain lines
//   -A KUBE-SERVICES ...         rules
//   COMMIT                       each table changes at once, the two of them do not
//   *nat
//   ...                          after the rules: -X for chains that nothing needs any more, which are listed too
//   COMMIT
//
// Rules are grouped by chain here; kube-proxy writes them Service by Service. Within a chain the order is the same.
// Source: kube-proxy pkg/proxy/iptables/proxier.go syncProxyRules; iptables-restore(8).
import type { Chain } from "../../netfilter/iptables/model.js";
import { printChainLine, printRule } from "../../netfilter/iptables/text.js";
import { textBytes } from "../sync-result.js";
import type { PlacedChain } from "./dispatch.js";

const CHUNK_CHARS = 65_536;

/** One document, counted. */
export class RestoreDocument {
  readonly #chains: readonly PlacedChain[];
  readonly #removed: readonly string[];
  #bytes: number | null = null;

  /**
   * @param chains the chains to write whole, in order
   * @param removed nat chains to delete
   */
  constructor(chains: readonly PlacedChain[], removed: readonly string[]) {
    this.#chains = chains;
    this.#removed = removed;
  }

  /** Rules written. */
  get rules(): number {
    return this.#chains.reduce((sum, { chain }) => sum + chain.rules.length, 0);
  }

  /** Chain lines, those of deleted chains among them. */
  get chains(): number {
    return this.#chains.length + this.#removed.length;
  }

  /** Length of the text. The first call prints it. */
  get bytes(): number {
    this.#bytes ??= textBytes(this.text());
    return this.#bytes;
  }

  *text(): Generator<string> {
    yield* this.#table("filter", []);
    yield* this.#table("nat", this.#removed);
  }

  *#table(table: "filter" | "nat", removed: readonly string[]): Generator<string> {
    const chains = this.#chains.filter((placed) => placed.table === table).map(({ chain }) => chain);
    yield* chunked(tableLines(table, chains, removed));
  }
}

function* tableLines(table: string, chains: readonly Chain[], removed: readonly string[]): Generator<string> {
  yield `*${table}\n`;
  for (const chain of chains) yield `${printChainLine(chain)}\n`;
  for (const name of removed) yield `${printChainLine({ name, policy: null })}\n`;
  for (const chain of chains) {
    for (const rule of chain.rules) yield `${printRule(chain.name, rule)}\n`;
  }
  for (const name of removed) yield `-X ${name}\n`;
  yield "COMMIT\n";
}

function* chunked(lines: Iterable<string>): Generator<string> {
  let chunk = "";
  for (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}
