// Presets are scenario files that ship with the program, below bench/scenarios.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PlumbError } from "../base/errors.js";
import { packageRoot } from "../base/source-path.js";
import { parseScenario, type ScenarioOptions, type ScenarioText } from "../experiment/scenario.js";
import type { Scenario } from "../experiment/scenario-types.js";
import { readInput } from "./read-inputs.js";
import { workloadScenario } from "./workload-scenario.js";

const FOLDER = join(packageRoot, "bench", "scenarios");

export function presetNames(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => name.slice(0, -".yaml".length))
    .sort();
}

/** The text of a preset, or null when there is none of this name. */
export function readPreset(name: string): ScenarioText | null {
  const file = join(FOLDER, `${name}.yaml`);
  return presetNames().includes(name) ? { file, text: readFileSync(file, "utf8") } : null;
}

export interface LoadOptions extends Pick<ScenarioOptions, "set" | "scheduling"> {
  /** Which of the workloads that were named; not for presets and scenario files. */
  readonly labels?: string;
}

/**
 * A scenario by preset name, by path, or as the workloads that `name` stands for (workload-scenario.ts).
 * @throws {PlumbError} NotFound, or InvalidInput with every mistake
 */
export function loadScenario(name: string, { labels, ...options }: LoadOptions = {}): Scenario {
  const preset = readPreset(name);
  const workloads = preset === null ? workloadScenario(name, labels ?? "") : null;
  if (workloads === null && labels !== undefined)
    throw new PlumbError(
      "Usage",
      `Cannot select by labels in '${name}': it is a scenario, not a list of workloads`,
      {
        hint: "give scheduler_perf:NAME or a performance-config.yaml; --only selects cases of a scenario",
      },
    );
  return parseScenarioText(preset ?? workloads ?? readScenarioFile(name), options);
}

/** A scenario that has been read already. @throws {PlumbError} InvalidInput with every mistake */
export function parseScenarioText(
  input: ScenarioText,
  options: Pick<ScenarioOptions, "set" | "scheduling"> = {},
): Scenario {
  return parseScenario(input, { resolvePreset: readPreset, folder: process.cwd(), ...options });
}

function readScenarioFile(file: string): ScenarioText {
  if (file !== "-" && !existsSync(file)) {
    throw new PlumbError("NotFound", `Cannot find scenario '${file}': neither a preset nor a file`, {
      hint: `presets: ${presetNames().join(", ")}; workloads: scheduler_perf:CASE/WORKLOAD`,
    });
  }
  return readInput(file);
}
