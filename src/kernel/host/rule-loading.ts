// Which tool takes which text into the kernel, by path. The texts are those that `plumb compile` prints.
import type { Family } from "../../base/ip.js";
import type { KernelPath } from "../../measure/kernel-record.js";
import type { Command } from "./command.js";
import { smallNftTexts, smallRestoreText } from "./small-transactions.js";

/** One text for one tool. */
export interface RuleText {
  /** iptables, ipset, nft, ipvsadm. */
  readonly part: string;
  /** Chunks of whole lines, made anew on each call. */
  text(): Iterable<string>;
}

/** Which iptables a path uses; nftables uses none. */
const FLAVOUR: Partial<Record<KernelPath, "legacy" | "nft">> = {
  "iptables-legacy": "legacy",
  "iptables-nft": "nft",
  ipset: "legacy",
  ipvs: "legacy",
};

function iptablesTool(path: KernelPath, family: Family, what: "restore" | "save"): string {
  return `${family === "IPv4" ? "iptables" : "ip6tables"}-${FLAVOUR[path] ?? "nft"}-${what}`;
}

export interface LoadOptions {
  /** Cut into transactions that an ordinary user's socket buffer holds; for a sandbox in a user namespace. */
  readonly smallTransactions?: boolean;
}

/** Commands that load texts into a node's namespace, in the order given. */
export function loadRules(
  path: KernelPath,
  family: Family,
  texts: readonly RuleText[],
  netns: string,
  { smallTransactions = false }: LoadOptions = {},
): Command[] {
  return texts.flatMap((it): Command[] => {
    const argv = toolFor(it.part, path, family);
    if (!smallTransactions) return [{ netns, argv, stdin: it.text }];
    if (it.part === "nft") return smallNftTexts(it.text).map((stdin) => ({ netns, argv, stdin }));
    if (it.part !== "iptables" || FLAVOUR[path] !== "nft") return [{ netns, argv, stdin: it.text }];
    return [{ netns, argv: [...argv, "--noflush"], stdin: smallRestoreText(it.text) }];
  });
}

function toolFor(part: string, path: KernelPath, family: Family): Command["argv"] {
  switch (part) {
    case "ipset":
      return ["ipset", "restore"];
    case "ipvsadm":
      return ["ipvsadm", "--restore"];
    case "nft":
      return ["nft", "-f", "-"];
    default:
      return [iptablesTool(path, family, "restore")];
  }
}
