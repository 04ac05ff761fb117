// Which tool takes which text into the kernel, by path. The texts are those that `plumb compile` prints.
import type { Family } from "../../base/ip.js";
import type { KernelPath } from "../../measure/kernel-record.js";
import type { Argv, Command } from "./command.js";
import { QUICK_TRANSACTIONS, splitTransactions } from "./nft-transactions.js";
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

export interface LoadOptions {
  /**
   * How a text comes into the kernel; whole when missing. quick: in parts that the kernel takes in less time together.
   * small: in parts that an ordinary user's socket buffer holds; for a sandbox in a user namespace.
   */
  readonly transactions?: "whole" | "quick" | "small";
}

/** Commands that load texts into a node's namespace, in the order given. */
export function loadRules(
  path: KernelPath,
  family: Family,
  texts: readonly RuleText[],
  netns: string,
  { transactions = "whole" }: LoadOptions = {},
): Command[] {
  return texts.flatMap((it): Command[] => {
    const argv = loadCommand(it.part, path, family);
    if (it.part === "nft") return nftTexts(it.text, transactions).map((stdin) => ({ netns, argv, stdin }));
    if (transactions !== "small" || it.part !== "iptables" || FLAVOUR[path] !== "nft")
      return [{ netns, argv, stdin: it.text }];
    return [{ netns, argv: [...argv, "--noflush"], stdin: smallRestoreText(it.text) }];
  });
}

function nftTexts(
  text: RuleText["text"],
  transactions: NonNullable<LoadOptions["transactions"]>,
): RuleText["text"][] {
  switch (transactions) {
    case "whole":
      return [text];
    case "quick":
      return Array.from(splitTransactions(text(), QUICK_TRANSACTIONS), (part) => () => [part.text]);
    case "small":
      return smallNftTexts(text);
  }
}

/** The program that reads a text of a part, for a namespace that has nothing. */
export function loadCommand(part: string, path: KernelPath, family: Family): Argv {
  switch (part) {
    case "ipset":
      return ["ipset", "restore"];
    case "ipvsadm":
      return ["ipvsadm", "--restore"];
    case "nft":
      return ["nft", "-f", "-"];
    default:
      return [`${family === "IPv4" ? "iptables" : "ip6tables"}-${FLAVOUR[path] ?? "nft"}-restore`];
  }
}
