// Presets are scenario files that ship with the program, below bench/scenarios.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { PlumbError } from "../base/errors.js";
import { packageRoot } from "../base/source-path.js";
import { parseScenario, type ScenarioOptions, type ScenarioText } from "../experiment/scenario.js";
import type { Scenario } from "../experiment/scenario-types.js";

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
  const input = readPreset(nameOrFile) ?? readScenarioFile(nameOrFile);
  return parseScenario(input, { resolvePreset: readPreset, set, folder: process.cwd() });
}

function readScenarioFile(file: string): ScenarioText {
  if (!existsSync(file)) {
    throw new PlumbError("NotFound", `Cannot find scenario '${file}': neither a preset nor a file`, {
      hint: `presets: ${presetNames().join(", ")}`,
    });
  }
  const path = resolve(file);
  try {
    return { file, text: readFileSync(path, "utf8") };
  } catch (error) {
    throw new PlumbError(
      "NotFound",
      `Cannot read scenario '${file}' in ${dirname(path)}: ${(error as Error).message}`,
    );
  }
}
