// What a scenario reads is read once before anything runs: samples would find the same mistake in every block.
import { buildClusterObjects, defaultClusterOptions } from "../workload/cluster.js";
import { readDocuments } from "../workload/documents.js";
import { loadInputs } from "../workload/inputs.js";
import { readRulesetCase } from "./ruleset-case.js";
import type { ClusterSpec, Scenario } from "./scenario-types.js";

/** @throws {PlumbError} for an input that is missing, malformed or of no use to the case that names it */
export function checkInputs({ cases }: Pick<Scenario, "cases">): void {
  const checked = new Set<string>();
  for (const one of cases) {
    if (one.kind !== "packets" || one.cluster.source.kind === "services") continue;
    const { path } = one.cluster.source;
    if (!checked.has(path)) checkInput(one.cluster);
    checked.add(path);
  }
}

function checkInput({ source, nodes }: ClusterSpec): void {
  if (source.kind === "iptablesSave") readRulesetCase(source.path);
  else if (source.kind === "manifests")
    buildClusterObjects(readDocuments(loadInputs([source.path], { stdin: null })), {
      ...defaultClusterOptions,
      nodes,
    });
}
