// What nft prints is told from the rulesets that can be walked, so that it is refused by its name.
import { PlumbError } from "../base/errors.js";
import type { SourceInput } from "../workload/documents.js";

/** `nft list ruleset`, with or without -j, or a file for nft -f; comments may come first. */
const NFTABLES =
  /^(?:\s|#[^\n]*\n)*(?:(?:add |create |flush |delete )?table (?:(?:ip6?|inet|arp|bridge|netdev) )?[\w-]|flush ruleset\b|\{\s*"nftables"\s*:)/;

export function isNftablesText(text: string): boolean {
  return NFTABLES.test(text);
}

export function nftablesRefusal({ file }: SourceInput): PlumbError {
  return new PlumbError("Unsupported", "an nftables ruleset, expected a text of iptables-save", {
    position: { file, line: 1, column: 1 },
    hint: "rules that iptables-nft made are in iptables-save's text too; those of nft itself are not read",
  });
}
