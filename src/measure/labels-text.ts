// Labels as one line: how a case is named, and which cases a threshold means.
import type { Labels } from "./run-record.js";

/** "mode=iptables services=1000", in the labels' order. */
export function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}
