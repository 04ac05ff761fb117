// A text for nft -f -> texts to load one after the other, each a transaction of its own, that leave the same table.
// What is lost is that packets see all of a change or nothing. Two reasons to give that up:
//   quick   a rule with an anonymous set or map costs the kernel a walk over everything of its transaction so far, so
//           one transaction is quadratic in them: 38 s for 10,000 Services, which ten of 1,000 load in 10 s
//   small   nft sends a transaction as one netlink message; see small-transactions.ts
// Lines are neither moved nor changed: texts of netfilter/nftables/text.ts may be cut between any two.
// Cost: O(characters). Source: kernel net/netfilter/nf_tables_api.c; kubernetes/kubernetes issue 139513.

/** What one transaction may hold, at most; each at least 1. */
export interface TransactionLimits {
  readonly linesMax: number;
  /** Rules with an anonymous set or map. */
  readonly anonymousSetsMax: number;
}

/** kube-proxy writes one anonymous set a Service. */
export const QUICK_TRANSACTIONS: TransactionLimits = {
  linesMax: Number.POSITIVE_INFINITY,
  anonymousSetsMax: 1000,
};

/** One transaction: its lines, and how many of them have an anonymous set or map. */
export interface Transaction {
  readonly text: string;
  readonly anonymousSets: number;
}

/** @param chunks of any size */
export function* splitTransactions(
  chunks: Iterable<string>,
  { linesMax, anonymousSetsMax }: TransactionLimits,
): Generator<Transaction> {
  let lines: string[] = [];
  let anonymousSets = 0;
  for (const line of linesOf(chunks)) {
    const more = hasAnonymousSet(line) ? 1 : 0;
    if (lines.length === linesMax || anonymousSets + more > anonymousSetsMax) {
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
export function* linesOf(chunks: Iterable<string>): Generator<string> {
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
