// A compiled ruleset as one text that iptables-restore (or ip6tables-restore) loads into a fresh network namespace.
// Unlike the documents of a sync it holds all that the node has: hook jumps, canaries, built-in chains.
// With config.nfacct the accounting objects must exist first (nfacct add ...), or the whole restore fails.
import { printRestore } from "../netfilter/iptables/text.js";
import type { IptablesModel, UserspaceModel } from "../netfilter/rule-model.js";

/** @returns chunks of whole lines, tables mangle, filter, nat; those without rules and chains of ours are left out */
export function loadDocument(model: IptablesModel | UserspaceModel): Generator<string> {
  return printRestore(model.ruleset, { tables: ["mangle", "filter", "nat"] });
}
