// Rule texts cut so that each transaction fits the socket buffer that an ordinary user may have (net.core.wmem_max,
// 208 KiB by default): nft and iptables-nft send a transaction as one netlink message, and only root of the machine may
// make the buffer larger. What is in the kernel afterwards is the same; that all of it comes at once is given up.
//
//   nft            a text every LINES_MAX lines, long element lists cut
//   iptables-nft   COMMIT and the table's name again every LINES_MAX rules, for restore --noflush
import { linesOf, splitTransactions } from "./nft-transactions.js";

/** Chunks of whole lines, made anew on each call. */
type Text = () => Iterable<string>;

/** A rule is some 500 bytes of netlink attributes. */
const LINES_MAX = 200;
const ELEMENTS_MAX = 200;
/** A line has one anonymous set at most. */
const SMALL_TRANSACTIONS = { linesMax: LINES_MAX, anonymousSetsMax: LINES_MAX };

export function smallNftTexts(text: Text): Text[] {
  const parts = splitTransactions(shortLines(text), SMALL_TRANSACTIONS);
  return Array.from(parts, (part) => () => [part.text]);
}

function* shortLines(text: Text): Generator<string> {
  for (const line of linesOf(text())) yield* cutElements(line);
}

/** "add element ip kube-proxy cluster-ips { A , B , ... }" in several lines. */
function cutElements(line: string): string[] {
  const [, head, list] = /^(add element [^{]*)\{ (.*) \}\n?$/.exec(line) ?? [];
  if (head === undefined || list === undefined) return [line];
  const elements = list.split(" , ");
  const lines: string[] = [];
  for (let at = 0; at < elements.length; at += ELEMENTS_MAX)
    lines.push(`${head}{ ${elements.slice(at, at + ELEMENTS_MAX).join(" , ")} }\n`);
  return lines;
}

export function smallRestoreText(text: Text): Text {
  return () => restoreLines(text);
}

function* restoreLines(text: Text): Generator<string> {
  let table = "";
  let rules = 0;
  for (const line of linesOf(text())) {
    if (line.startsWith("*")) [table, rules] = [line, 0];
    if (rules === LINES_MAX) {
      yield `COMMIT\n${table}`;
      rules = 0;
    }
    yield line;
    rules++;
  }
}
