// plumb lint: check scenario files, manifests, dumps and rulesets without running anything.
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { PlumbError } from "../../base/errors.js";
import { parseIptablesSave } from "../../netfilter/iptables/parse.js";
import { buildClusterObjects } from "../../workload/cluster.js";
import { readDocuments } from "../../workload/documents.js";
import { loadInputs } from "../../workload/inputs.js";
import { printWarnings, rulesetWarnings } from "../cluster-options.js";
import type { CommandContext } from "../context.js";
import { loadScenario, readPreset } from "../presets.js";
import type { Terminal } from "../terminal.js";

export function registerLint(program: Command, context: CommandContext): void {
  program
    .command("lint <files...>")
    .description(
      "check scenarios, presets, manifests, dumps and iptables-save texts; every mistake with line and column",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  plumb lint mine.yaml\n  plumb lint manifests/ cluster.json\n  iptables-save | plumb lint -",
    )
    .action((files: string[]) => lintCommand(files, context));
}

function lintCommand(files: readonly string[], context: CommandContext): void {
  for (const file of files) {
    try {
      context.terminal.print(`${file}: ${lintOne(file, context.terminal)}`);
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      process.stderr.write(`${error.message}\n`);
      context.exitCode = error.exitCode;
    }
  }
}

function lintOne(file: string, terminal: Terminal): string {
  if (readPreset(file) !== null) return describeScenario(file);
  const stdin = file === "-" ? readFileSync(0) : null;
  const inputs = loadInputs([file], { stdin });
  const [input, ...others] = inputs;
  if (input !== undefined && others.length === 0) {
    if (/^\s*kind:\s*["']?Scenario\b/m.test(input.text)) return describeScenario(file);
    if (/^\*(filter|nat|mangle|raw)\s*$/m.test(input.text)) {
      const { ruleset, warnings } = parseIptablesSave(input);
      printWarnings(terminal, rulesetWarnings(input.file, warnings));
      return `iptables ruleset, ${[...ruleset.tables.keys()].join(", ")}`;
    }
  }
  const { objects, warnings } = buildClusterObjects(readDocuments(inputs));
  printWarnings(terminal, warnings);
  return `${objects.services.length} Services, ${objects.endpointSlices.length} EndpointSlices, ${objects.nodes.length} Nodes`;
}

function describeScenario(file: string): string {
  const { name, cases, sampling } = loadScenario(file);
  return `scenario ${name}, ${cases.length} cases, ${sampling.samples} samples each`;
}
