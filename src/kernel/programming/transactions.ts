// A text for nft -f -> texts to load one after the other, each a transaction of its own, that leave the same table.
// Why: a rule with an anonymous set or map costs the kernel a walk over everything of its transaction so far, so one
// transaction is quadratic in them: 38 s for 10,000 Services, which ten transactions of 1,000 load in 10 s. What is
// lost is that packets see all of a change or nothing; no matter here, where there are none.
// Lines are neither moved nor changed: texts of netfilter/nftables/text.ts may be cut between any two.
// Cost: O(characters). Source: kernel net/netfilter/nf_tables_api.c; kubernetes/kubernetes issue 139513.

/** Rules with an anonymous set or map in one transaction, at most. kube-proxy writes one a Service. */
export const ANONYMOUS_SETS_PER_TRANSACTION = 1000;

/** One transaction: its lines, and how many of them have an anonymous set or map. */
export interface Transaction {
  readonly text: string;
  readonly anonymousSets: number;
}

/**
 * @param chunks of any size
 * @param limit anonymous sets of one transaction, at least 1
 */
export function* splitTransactions(chunks: Iterable<string>, limit: number): Generator<Transaction> {
  let lines: string[] = [];
  let anonymousSets = 0;
  for (const line of linesOf(chunks)) {
    const more = hasAnonymousSet(line) ? 1 : 0;
    if (anonymousSets + more > limit) {
      yield { text: lines.join(""), anonymousSets };
      lines = [];
      anonymousSets = 0;
    }
    lines.push(line);
    anonymousSets += more;
  }
  if (lines.length > 0) yield { text: lines.join(""), anonymousSets };
}

function hasAnonymousSet(line: string): boolean {
  return line.startsWith("add rule ") && line.includes("{");
}

/** With their line ends; the last may lack one. */
function* linesOf(chunks: Iterable<string>): Generator<string> {
  let rest = "";
  for (const chunk of chunks) {
    const text = rest + chunk;
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      yield text.slice(start, end + 1);
      start = end + 1;
    }
    rest = text.slice(start);
  }
  if (rest !== "") yield rest;
}
