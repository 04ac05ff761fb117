import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCalibration, recordedCalibration, writeCalibration } from "./calibration-file.js";

const file = "mine.json";
const text = writeCalibration(recordedCalibration());
/** The text with one value replaced, found by its keys. */
const changed = (value: unknown, ...keys: readonly string[]) => {
  const calibration = JSON.parse(text) as Record<string, unknown>;
  const holder = keys
    .slice(0, -1)
    .reduce((object, key) => object[key] as Record<string, unknown>, calibration);
  holder[keys.at(-1) as string] = value;
  return { file, text: JSON.stringify(calibration) };
};

test("a calibration is read as it was written", () => {
  assert.deepEqual(parseCalibration({ file, text }), recordedCalibration());
});

test("what is no calibration is refused with the place and what to do", () => {
  const refused = (input: { file: string; text: string }, message: RegExp) =>
    assert.throws(() => parseCalibration(input), { code: "InvalidInput", message, hint: /plumb calibrate/ });
  refused({ file, text: "{" }, /^Cannot read calibration 'mine.json': it is not JSON/);
  refused({ file, text: "null" }, /its layout is undefined/);
  refused(changed("2.0.0", "schemaVersion"), /its layout is 2.0.0, this plumbline reads 1/);
  refused(changed("1", "path", "first", "ns"), /\/path\/first\/ns: must be number/);
  refused(changed({ nonsense: {} }, "flavours", "nftables", "work"), /\/flavours\/nftables\/work/);
  const points = [
    [5, 1],
    [5, 2],
  ];
  refused(changed(points, "sets", "cold", "points"), /\/sets\/cold: points must rise/);
});
