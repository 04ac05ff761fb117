// Texts -> the programs to run for them, with what each reads.
// -w: iptables-legacy waits for others who hold its lock. --noflush, --counters: as kube-proxy syncs. -exist: elements
// that are there already are no mistake.
import type { Argv } from "../host/command.js";
import { QUICK_TRANSACTIONS, splitTransactions } from "../host/nft-transactions.js";
import { loadCommand } from "../host/rule-loading.js";
import type { ProgrammingChange, ProgrammingPath, ToolText } from "./rule-documents.js";

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
  return texts.flatMap(({ part, chunks }): ToolRun[] => {
    const [program, ...rest] = loadCommand(part, path, "IPv4");
    const argv: Argv = [program, ...flagsOf(part, change), ...rest];
    if (part !== "nft") return [{ argv, stdin: chunks, anonymousSets: 0 }];
    return Array.from(splitTransactions(chunks, QUICK_TRANSACTIONS), ({ text, anonymousSets }) => ({
      argv,
      stdin: [text],
      anonymousSets,
    }));
  });
}

function flagsOf(part: ToolText["part"], change: ProgrammingChange): readonly string[] {
  switch (part) {
    case "iptables":
      return ["-w", ...(change === "full" ? [] : OVER_WHAT_IS_THERE)];
    case "ipset":
      return change === "resync" ? ["-exist"] : [];
    case "nft":
      return [];
  }
}
