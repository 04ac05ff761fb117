// What is verified: a run that was made, or a preset or scenario; and the cluster of it that is taken into a kernel.
import { existsSync } from "node:fs";
import { familyOf } from "../../base/ip.js";
import { prepareCase } from "../../experiment/prepare.js";
import { scenarioOfRecord } from "../../experiment/recorded-scenario.js";
import type { PacketsCase, Scenario } from "../../experiment/scenario-types.js";
import type { VerifiedCluster } from "../../experiment/verify-kernel/verify-kernel.js";
import type { RunRecord } from "../../measure/run-record.js";
import { loadScenario } from "../presets.js";
import { readRun } from "../run-folder.js";

export interface Subject {
  readonly name: string;
  readonly scenario: Scenario;
  /** The run that the findings go into; null: they are a record of their own. */
  readonly run: { readonly record: RunRecord; readonly folder: string } | null;
}

/** A run by its folder or result.json; otherwise a preset or scenario file. */
export function readSubject(name: string): Subject {
  if (existsSync(name) && !/\.ya?ml$/.test(name)) {
    const run = readRun(name);
    return { name: run.record.scenario.name, scenario: scenarioOfRecord(run.record.scenario.resolved), run };
  }
  const scenario = loadScenario(name);
  return { name: scenario.name, scenario, run: null };
}

/** The scenario's smallest cluster; null when it sends no packets through Services. */
export function clusterOf(name: string, { cases, seed }: Scenario): VerifiedCluster | null {
  const smallest = cases
    .filter((one): one is PacketsCase => one.kind === "packets" && one.cluster.source.kind !== "iptablesSave")
    .reduce<PacketsCase | null>(
      (least, one) => (least === null || sizeOf(one) < sizeOf(least) ? one : least),
      null,
    );
  if (smallest === null) return null;
  const { objects, families, config } = prepareCase(smallest, seed);
  const { addresses } = config.node;
  return {
    name,
    objects,
    families: families.filter((family) => addresses.some((address) => familyOf(address) === family)),
    configFor: (mode, family) => prepareCase({ ...smallest, mode }, seed, family).config,
  };
}

/** Saved rules that the scenario walks: they are no kube-proxy's of a cluster, so no flow is sent through them. */
export function unverifiedRules({ cases }: Pick<Scenario, "cases">): readonly string[] {
  const paths = cases.flatMap((one) =>
    one.kind === "packets" && one.cluster.source.kind === "iptablesSave" ? [one.cluster.source.path] : [],
  );
  return [...new Set(paths)];
}

function sizeOf({ cluster: { source, replicate } }: PacketsCase): number {
  return source.kind === "services" ? source.services.services * replicate : replicate;
}
