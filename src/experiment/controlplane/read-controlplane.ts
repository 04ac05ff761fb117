// spec.controlplane of a scenario file -> cases; what stands twice is reported at its entry.
import type { MapNode, Problem } from "../../base/document/source-tree.js";
import { LIMITS } from "../../base/limits.js";
import { labelsText } from "../../measure/labels-text.js";
import { placeOf } from "../scenario-matrix.js";
import type { ControlPlaneCase, Labels, LabelValue } from "../scenario-types.js";
import type { WrittenBench } from "./controlplane-fields.js";
import type { ControlPlaneSpec } from "./controlplane-types.js";

export function readControlPlaneCases(
  entries: readonly WrittenBench[],
  { spec, problems }: { readonly spec: MapNode; readonly problems: Problem[] },
): readonly ControlPlaneCase[] {
  const cases: ControlPlaneCase[] = [];
  const taken = new Set<string>();
  const complain = (path: readonly (string | number)[], written: string, message: string) =>
    problems.push({ at: placeOf(spec, path), path: `spec.controlplane${written}`, message });
  entries.forEach((entry, index) => {
    for (const one of specsOf(entry).map(caseOf)) {
      if (taken.has(one.id))
        complain(["controlplane", index], `[${index}]`, `the case ${one.id} is there twice`);
      taken.add(one.id);
      cases.push(one);
    }
  });
  if (cases.length > LIMITS.CASES_MAX)
    complain(["controlplane"], "", `makes ${cases.length} cases, limit CASES_MAX=${LIMITS.CASES_MAX}`);
  return cases;
}

/** A list stands for a case of each of its values; the last list varies fastest. */
function specsOf(entry: WrittenBench): readonly ControlPlaneSpec[] {
  switch (entry.bench) {
    case "api-load":
      return entry.via.map((via) => ({ ...entry, via }));
    case "pod-startup":
      return entry.nodes.map((nodes) => ({ ...entry, nodes }));
    case "node-join":
      return entry.nodes.map((nodes) => ({ ...entry, nodes }));
    case "programming-latency":
      return entry.mode.flatMap((mode) => entry.services.map((services) => ({ ...entry, mode, services })));
    case "rollout":
      return entry.mode.flatMap((mode) => entry.services.map((services) => ({ ...entry, mode, services })));
  }
}

const LABELS = ["via", "mode", "services", "nodes"] as const;

function caseOf(spec: ControlPlaneSpec): ControlPlaneCase {
  const values = spec as Partial<Record<(typeof LABELS)[number], LabelValue>>;
  const sizes = LABELS.flatMap((label) => (values[label] === undefined ? [] : [[label, values[label]]]));
  const labels: Labels = { bench: spec.bench, ...Object.fromEntries(sizes) };
  return { kind: "controlplane", id: labelsText(labels), labels, spec };
}
