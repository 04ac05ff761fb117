// A text that should be iptables-save's: what other tools print is refused by the name of what it is.
import { PlumbError } from "../../base/errors.js";
import { type ParsedRuleset, type ParseOptions, parseIptablesSave } from "./parse.js";

type Text = Pick<ParseOptions, "file" | "text">;

/** Blanks and comments that may come before anything. */
const BEGINNING = String.raw`^\uFEFF?(?:\s|#[^\n]*\n)*`;
const OTHER_TOOLS: readonly { readonly form: RegExp; readonly what: string; readonly hint: string }[] = [
  {
    // `nft list ruleset`, with or without -j, or a file for nft -f.
    form: new RegExp(
      String.raw`${BEGINNING}(?:(?:add |create |flush |delete )?table (?:(?:ip6?|inet|arp|bridge|netdev) )?[\w-]|flush ruleset\b|\{\s*"nftables"\s*:)`,
    ),
    what: "an nftables ruleset",
    hint: "rules that iptables-nft made are in iptables-save's text too; those of nft itself are not read",
  },
  {
    form: new RegExp(String.raw`${BEGINNING}create \S+ (?:hash|bitmap|list):`),
    what: "sets as ipset save prints them",
    hint: "only rules are read; a rule that asks a set finds it empty",
  },
  {
    form: new RegExp(
      String.raw`${BEGINNING}-A (?:-[tu]|--tcp-service|--udp-service|--sctp-service) \S+:\S+ `,
    ),
    what: "virtual servers as ipvsadm-save prints them",
    hint: "plumb trace --mode ipvs makes a node's virtual servers from manifests or a dump of the cluster",
  },
];

/** Why the text is another tool's; null when it is not seen to be. */
export function otherToolRefusal({ file, text }: Text): PlumbError | null {
  const tool = OTHER_TOOLS.find(({ form }) => form.test(text));
  if (tool === undefined) return null;
  return new PlumbError("Unsupported", `${tool.what}, expected a text of iptables-save`, {
    position: { file, line: 1, column: 1 },
    hint: tool.hint,
  });
}

/**
 * Read rules to walk packets through.
 *
 * @throws {PlumbError} Unsupported for another tool's text; InvalidInput for a malformed one and one without a table
 */
export function readSavedRuleset(options: ParseOptions): ParsedRuleset {
  const refusal = otherToolRefusal(options);
  if (refusal !== null) throw refusal;
  if (/^\s*\*/m.test(options.text)) return parseIptablesSave(options);
  throw new PlumbError("InvalidInput", "no table, expected '*nat' or another, as iptables-save prints them", {
    position: { file: options.file, line: 1, column: 1 },
    hint: "iptables-save prints nothing without root",
  });
}
