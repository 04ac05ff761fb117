// plumb explain: why a Pod goes where it goes, or nowhere: every node's verdict or scores, by plugin.
import type { Command } from "commander";
import type { Pod } from "../../api/types.js";
import { nearestWord } from "../../base/nearest-word.js";
import { PlumbError } from "../../base/errors.js";
import { realClock } from "../../base/clock.js";
import type { SchedulerConfiguration } from "../../scheduler/config/configuration.js";
import { defaultConfiguration } from "../../scheduler/config/default-configuration.js";
import { parseSchedulerConfiguration } from "../../scheduler/config/parse-configuration.js";
import { explainPod } from "../../scheduler/explain/explain-pod.js";
import { profileOf, schedulerFor } from "../../experiment/verify-scheduler/local-decisions.js";
import { readDocuments } from "../../workload/documents.js";
import { readSchedulingObjects, type SchedulingObjects } from "../../workload/scheduling-objects.js";
import { printWarnings } from "../cluster-options.js";
import type { CommandContext } from "../context.js";
import { explanationText } from "../explanation-text.js";
import { readInput, readInputs } from "../read-inputs.js";

interface ExplainOptions {
  readonly pod: string;
  readonly config?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  plumb explain --pod web-7d4b9 cluster.json
  plumb explain --pod shop/web-7d4b9 --config scheduler.yaml --all nodes.yaml pods.yaml
  kubectl get nodes,pods,pv,pvc,sc,csinodes,namespaces,services,rs,sts,pdb,priorityclasses -A -o json | plumb explain --pod web -

All nodes are looked at and scored, whatever percentageOfNodesToScore would save; of equal nodes the first by name is
named, where the scheduler lets chance decide. A Pod that has a node is explained as if it had none yet.`;

export function registerExplain(program: Command, context: CommandContext): void {
  program
    .command("explain <files...>")
    .description(
      "why a Pod goes to a node or nowhere: for every node the filters' verdict or the scores, by plugin",
    )
    .requiredOption("-p, --pod <name>", "the Pod, as NAME or NAMESPACE/NAME")
    .option("--config <file>", "a KubeSchedulerConfiguration (default: upstream's)")
    .option("--all", "every node in a row of its own")
    .option("--json", "one JSON object")
    .addHelpText("after", EXAMPLES)
    .action((files: string[], options: ExplainOptions) => explainCommand(files, options, context));
}

function explainCommand(
  files: readonly string[],
  options: ExplainOptions,
  { terminal }: CommandContext,
): void {
  const objects = readSchedulingObjects(readDocuments(readInputs(files)));
  const configuration = configurationOf(options.config);
  printWarnings(terminal, warningsOf(objects, configuration));
  const pod = findPod(objects.pods, options.pod);
  const others = objects.pods.filter((other) => other !== pod);
  const isPlaced = ({ spec }: Pod) => (spec?.nodeName ?? "") !== "";
  const scheduler = schedulerFor({ ...objects, running: others.filter(isPlaced) }, configuration);
  const nowMs = realClock.wall().getTime();
  // Pods that wait are told, too: where they were promised room, it is not free.
  for (const other of others) if (!isPlaced(other)) scheduler.cluster.setPod(other, nowMs);
  const info = scheduler.cluster.read(withoutNode(pod));
  const profile = profileOf(scheduler, info);
  const { explanation } = explainPod(scheduler, info, profile, { form: "objects", nowMs });
  const { scores } = profile.framework;
  const weights = Object.fromEntries(scores.map(({ name, weight }) => [name, weight]));
  if (options.json) terminal.print(JSON.stringify({ ...explanation, weights }));
  else for (const line of explanationText(explanation, weights, options)) terminal.print(line);
}

function configurationOf(path: string | undefined): SchedulerConfiguration {
  return path === undefined ? defaultConfiguration() : parseSchedulerConfiguration(readInput(path));
}

function warningsOf(
  { nodes, ignoredKinds }: SchedulingObjects,
  { extenders }: SchedulerConfiguration,
): string[] {
  const warnings: string[] = [];
  const ignored = [...ignoredKinds].map(([kind, count]) => `${count} ${kind}`);
  if (ignored.length > 0) warnings.push(`not read: ${ignored.join(", ")}`);
  if (nodes.length === 0) warnings.push("the input has no Node");
  if (extenders.length > 0)
    warnings.push("extenders are not asked: the decision is that of the plugins alone");
  return warnings;
}

/** "default/web" or "web". */
function findPod(pods: readonly Pod[], wanted: string): Pod {
  const keyOf = ({ metadata }: Pod) => `${metadata.namespace}/${metadata.name}`;
  const found = pods.filter((pod) => keyOf(pod) === wanted || pod.metadata.name === wanted);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  if (first === undefined) {
    const near = nearestWord(wanted, [...pods.map(({ metadata }) => metadata.name), ...pods.map(keyOf)]);
    const hint = near === null ? `the input has ${pods.length} Pods` : `did you mean '${near}'?`;
    throw new PlumbError("NotFound", `Cannot explain Pod '${wanted}': the input has no such Pod`, { hint });
  }
  throw new PlumbError("Usage", `Cannot explain Pod '${wanted}': there are ${found.length} of this name`, {
    hint: `say which: ${found.slice(0, 5).map(keyOf).join(", ")}`,
  });
}

function withoutNode(pod: Pod): Pod {
  if ((pod.spec?.nodeName ?? "") === "") return pod;
  const { nodeName: _, ...spec } = pod.spec ?? {};
  return { ...pod, spec };
}
