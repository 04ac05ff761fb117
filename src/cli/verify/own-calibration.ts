// A calibration of this machine, where its user keeps one. It is told of and not taken: runs with the recorded
// calibration compare with runs elsewhere.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { shellWord } from "../../base/shell-word.js";

/** Where it is kept, by the XDG base directory specification. */
export function ownCalibrationPath(environment: NodeJS.ProcessEnv): string {
  const data = environment["XDG_DATA_HOME"] || join(homedir(), ".local", "share");
  return join(data, "plumbline", "calibration.json");
}

/** What to tell a user who has one and asked for none; null: nothing. */
export function ownCalibrationNote(environment: NodeJS.ProcessEnv): string | null {
  const path = ownCalibrationPath(environment);
  if (!existsSync(path)) return null;
  return `Modelled times are for the recorded machine, so that runs compare; for this one: --calibration ${shellWord(path)}`;
}
