// Cases that went through a whole control plane, benchmark by benchmark.
import type { CaseRecord } from "../measure/run-record.js";

export interface BenchRows {
  /** "api-load" */
  readonly bench: string;
  readonly cases: readonly CaseRecord[];
}

export function isControlPlaneCase({ controlplane }: CaseRecord): boolean {
  return controlplane === true;
}

/** In the order of the record, unfinished cases too. */
export function benchRows(cases: readonly CaseRecord[]): readonly BenchRows[] {
  const groups = new Map<string, CaseRecord[]>();
  for (const one of cases.filter(isControlPlaneCase)) {
    const bench = String(one.labels["bench"] ?? "control plane");
    const group = groups.get(bench);
    if (group === undefined) groups.set(bench, [one]);
    else group.push(one);
  }
  return [...groups].map(([bench, group]) => ({ bench, cases: group }));
}

/** "nodes=5000": the labels that tell a benchmark's cases apart; its name when it has one case only. */
export function sizeText({ labels }: CaseRecord): string {
  const sizes = Object.entries(labels).filter(([label]) => label !== "bench");
  if (sizes.length === 0) return String(labels["bench"] ?? "");
  return sizes
    .map(([label, value]) => `${label}=${value}`)
    .sort()
    .join(" ");
}
