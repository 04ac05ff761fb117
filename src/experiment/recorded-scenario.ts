// A scenario as a run record holds it: files that come with Plumbline are named from its own folder, so that a record
// says nothing of where it was installed and is read back where it lies elsewhere. Files of the user keep their place.
import { isAbsolute, join, relative } from "node:path";
import { packageRoot } from "../base/source-path.js";
import type { Scenario } from "./scenario-types.js";

/** Fields that name files: path, configPath, nodesPath and so on. */
const NAMES_FILE = /^path$|Path$/;

export function recordedScenario(scenario: Scenario): Scenario {
  return withPaths(scenario, (path) => {
    const inside = relative(packageRoot, path);
    return inside.startsWith("..") || isAbsolute(inside) ? path : inside;
  });
}

/** @param resolved what recordedScenario gave, read from a record */
export function scenarioOfRecord(resolved: unknown): Scenario {
  return withPaths(resolved as Scenario, (path) => (isAbsolute(path) ? path : join(packageRoot, path)));
}

function withPaths(scenario: Scenario, changed: (path: string) => string): Scenario {
  return changedIn(scenario, "") as Scenario;

  function changedIn(value: unknown, key: string): unknown {
    if (typeof value === "string") return NAMES_FILE.test(key) ? changed(value) : value;
    if (Array.isArray(value)) return value.map((each) => changedIn(each, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, changedIn(each, name)]));
  }
}
