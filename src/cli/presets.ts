// Presets are scenario files that ship with the program, below bench/scenarios.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PlumbError } from "../base/errors.js";
import { packageRoot } from "../base/source-path.js";
import { parseScenario, type ScenarioOptions, type ScenarioText } from "../experiment/scenario.js";
import type { Scenario } from "../experiment/scenario-types.js";
import { readInput } from "./read-inputs.js";

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

/** A scenario by preset name or by path. @throws {PlumbError} NotFound, or InvalidInput with every mistake */
export function loadScenario(nameOrFile: string, set: NonNullable<ScenarioOptions["set"]> = []): Scenario {
  return parseScenarioText(readPreset(nameOrFile) ?? readScenarioFile(nameOrFile), set);
}

/** A scenario that has been read already. @throws {PlumbError} InvalidInput with every mistake */
export function parseScenarioText(
  input: ScenarioText,
  set: NonNullable<ScenarioOptions["set"]> = [],
): Scenario {
  return parseScenario(input, { resolvePreset: readPreset, set, folder: process.cwd() });
}

function readScenarioFile(file: string): ScenarioText {
  if (file !== "-" && !existsSync(file)) {
    throw new PlumbError("NotFound", `Cannot find scenario '${file}': neither a preset nor a file`, {
      hint: `presets: ${presetNames().join(", ")}`,
    });
  }
  return readInput(file);
}
