import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { ownCalibrationNote, ownCalibrationPath } from "./own-calibration.js";

test("a calibration of this machine is told of where there is one", (t) => {
  const home = mkdtempSync(join(tmpdir(), "plumb-data-"));
  t.after(() => rmSync(home, { recursive: true }));
  const environment = { XDG_DATA_HOME: home };
  assert.equal(ownCalibrationNote(environment), null);
  const path = ownCalibrationPath(environment);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "{}");
  assert.match(ownCalibrationNote(environment) ?? "", /--calibration \/.*plumbline\/calibration\.json$/);
});

test("it is kept in the user's data folder", () => {
  const usual = join(homedir(), ".local", "share", "plumbline", "calibration.json");
  assert.equal(ownCalibrationPath({}), usual);
  assert.equal(ownCalibrationPath({ XDG_DATA_HOME: "" }), usual);
});
