// A case whose rules are somebody's iptables-save text, evaluated as it is: no Services, no syncs, only packets.
// Where traffic goes is read off the rules: every nat rule that names one address and one port is a target.
import { PlumbError } from "../base/errors.js";
import { ipText } from "../base/ip.js";
import type { Rule } from "../netfilter/iptables/model.js";
import type { ParseWarning } from "../netfilter/iptables/parse.js";
import { readSavedRuleset } from "../netfilter/iptables/saved-text.js";
import { unsaidBy } from "../netfilter/iptables/unsaid.js";
import type { IptablesModel } from "../netfilter/rule-model.js";
import { loadInputs } from "../workload/inputs.js";
import type { TrafficTarget } from "../workload/traffic-targets.js";
import { runConntrack } from "./conntrack-phase.js";
import { type DataPath, encodeModel, encodeOptionsFor } from "./data-path.js";
import type { FlowPlace } from "./flows.js";
import type { PhaseContext } from "./phase.js";
import { ruleModelSize } from "./rule-model-size.js";
import type { SampleResult } from "./sample-types.js";
import type { PacketsCase } from "./scenario-types.js";
import { runTraffic } from "./traffic-phase.js";
import { runWorkers } from "./workers-phase.js";

export interface RulesetCase {
  readonly model: IptablesModel;
  readonly targets: readonly TrafficTarget[];
  readonly warnings: readonly ParseWarning[];
}

/** @throws {PlumbError} for a text that cannot be read or holds no target */
export function readRulesetCase(path: string): RulesetCase {
  const inputs = loadInputs([path], { stdin: null });
  const [input] = inputs;
  if (inputs.length > 1 || input?.file !== path)
    throw new PlumbError("NotFound", `Cannot read '${path}': it is a folder, expected a file`);
  const { ruleset, warnings } = readSavedRuleset(input);
  const model: IptablesModel = {
    mode: "iptables",
    family: ruleset.family,
    ruleset,
    ipsets: [],
    localAddresses: [],
  };
  return { model, targets: rulesetTargets(model, path), warnings };
}

/** @throws {PlumbError} for a text that cannot be read or holds no target */
export async function measureRuleset(
  context: PhaseContext,
  scenarioCase: PacketsCase,
  path: string,
): Promise<SampleResult["workload"]> {
  const { seed } = context.request;
  const { model, targets, warnings } = readRulesetCase(path);
  const undecided = warnings.map(({ message, line }) => `${path}:${line}: ${message}`);
  context.findings.warnOfEach(
    "RULESET",
    [...undecided, ...unsaidBy(model.ruleset, { localAddresses: model.localAddresses })],
    "plumb trace --rules says which of it a packet's outcome hangs on",
  );
  const place: FlowPlace = {
    targets,
    podCIDR: null,
    nodeAddress: null,
    serviceCIDR: null,
    endpointsOf: () => null,
    seed,
  };
  const dataPath: DataPath = { model, encoder: encodeModel(model, encodeOptionsFor(scenarioCase)), seed };
  const { rules } = ruleModelSize(model);
  context.findings.add("state.rules", rules);
  for (const phase of scenarioCase.phases) {
    if (phase.kind === "traffic") runTraffic(context, dataPath, phase, place);
    else if (phase.kind === "workers") await runWorkers(context, dataPath, phase, place);
    else if (phase.kind === "conntrack") runConntrack(context, dataPath, phase, place);
  }
  return { requested: {}, applied: { rules, targets: place.targets.length } };
}

function rulesetTargets({ ruleset }: IptablesModel, path: string): TrafficTarget[] {
  const targets = new Map<string, TrafficTarget>();
  for (const chain of ruleset.tables.get("nat")?.chains.values() ?? []) {
    for (const rule of chain.rules) {
      const target = targetOf(rule, chain.name);
      if (target !== null) targets.set(`${target.protocol} ${target.ip} ${target.port}`, target);
    }
  }
  if (targets.size > 0) return [...targets.values()];
  throw new PlumbError(
    "InvalidInput",
    `Cannot send traffic through '${path}': no nat rule names one address and one port`,
    {
      hint: "plumb trace --rules walks single packets through any ruleset",
    },
  );
}

/** The one address and port that a rule is about, if it is. */
function targetOf(rule: Rule, chain: string): TrafficTarget | null {
  const { destination, protocol } = rule;
  if (destination === null || destination.negated || protocol === null || protocol.negated) return null;
  const { family, prefixLength, words } = destination.value;
  if (prefixLength !== (family === "IPv4" ? 32 : 128)) return null;
  const upper = protocol.value.toUpperCase();
  if (upper !== "TCP" && upper !== "UDP" && upper !== "SCTP") return null;
  for (const match of rule.matches) {
    if (match.kind !== "port" || match.destination === null || match.destination.negated) continue;
    const [range, ...others] = match.destination.value;
    if (range === undefined || others.length > 0 || range.first !== range.last) continue;
    return {
      ip: ipText(words, family),
      port: range.first,
      protocol: upper,
      kind: "cluster-ip",
      service: chain,
    };
  }
  return null;
}
