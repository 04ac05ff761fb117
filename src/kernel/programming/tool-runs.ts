// Texts -> the programs to run for them, with what each reads.
// -w: iptables-legacy waits for others who hold its lock. --noflush, --counters: as kube-proxy syncs. -exist: elements
// that are there already are no mistake.
import type { ProgrammingChange, ProgrammingPath, ToolText } from "./rule-documents.js";
import { ANONYMOUS_SETS_PER_TRANSACTION, splitTransactions } from "./transactions.js";

export type Argv = readonly [string, ...string[]];

export interface ToolRun {
  readonly argv: Argv;
  readonly stdin: readonly string[];
  /** Rules with an anonymous set or map; of interest for nft alone. */
  readonly anonymousSets: number;
}

const OVER_WHAT_IS_THERE = ["--noflush", "--counters"] as const;

export function toolRuns(
  path: ProgrammingPath,
  change: ProgrammingChange,
  texts: readonly ToolText[],
): ToolRun[] {
  return texts.flatMap((text): ToolRun[] => {
    if (text.part !== "nft")
      return [{ argv: restoreCommand(path, change, text.part), stdin: text.chunks, anonymousSets: 0 }];
    const parts = [...splitTransactions(text.chunks, ANONYMOUS_SETS_PER_TRANSACTION)];
    return parts.map((part) => ({
      argv: ["nft", "-f", "-"],
      stdin: [part.text],
      anonymousSets: part.anonymousSets,
    }));
  });
}

function restoreCommand(
  path: ProgrammingPath,
  change: ProgrammingChange,
  part: Exclude<ToolText["part"], "nft">,
): Argv {
  if (part === "ipset") return change === "resync" ? ["ipset", "-exist", "restore"] : ["ipset", "restore"];
  const program = `iptables-${path === "iptables-nft" ? "nft" : "legacy"}-restore`;
  return [program, "-w", ...(change === "full" ? [] : OVER_WHAT_IS_THERE)];
}
