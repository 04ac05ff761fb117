// Calibration files: written canonically, checked when read, and the one that ships.
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { PlumbError } from "../base/errors.js";
import { sourcePath } from "../base/source-path.js";
import { canonicalJson } from "../measure/canonical-json.js";
import { CALIBRATION_VERSION, type Calibration } from "./calibration.js";
import { calibrationSchema } from "./calibration-schema.js";

/** The calibration that ships: one recorded machine, so that runs on different machines compare. Read once. */
export function recordedCalibration(): Calibration {
  recorded ??= readCalibration(sourcePath(import.meta.url, "recorded.json"));
  return recorded;
}

let recorded: Calibration | null = null;

/** @throws {PlumbError} NotFound, or InvalidInput: not JSON, of another version, or not what its layout says */
export function readCalibration(file: string): Calibration {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new PlumbError("NotFound", `Cannot read calibration '${file}': ${(error as Error).message}`, {
      hint: "plumb calibrate -o FILE writes one",
    });
  }
  return parseCalibration({ file, text });
}

export function parseCalibration({
  file,
  text,
}: {
  readonly file: string;
  readonly text: string;
}): Calibration {
  const value = parsed(file, text);
  const version = (value as { schemaVersion?: unknown } | null)?.schemaVersion;
  const [major] = String(version).split(".");
  if (major !== CALIBRATION_VERSION.split(".")[0])
    throw invalid(file, `its layout is ${String(version)}, this plumbline reads ${CALIBRATION_VERSION}`);
  const validate = new Ajv2020({ allErrors: true }).compile(calibrationSchema);
  if (!validate(value)) {
    const [fault] = validate.errors ?? [];
    throw invalid(file, `${fault?.instancePath || "/"}: ${fault?.message ?? "is wrong"}`);
  }
  const calibration = value as Calibration;
  for (const [place, points] of curvesOf(calibration))
    if (points.some(([x], index) => index > 0 && x <= (points[index - 1]?.[0] ?? 0)))
      throw invalid(file, `${place}: points must rise`);
  return calibration;
}

/** Ends with a newline. */
export function writeCalibration(calibration: Calibration): string {
  return canonicalJson(calibration);
}

function curvesOf({ flavours, sets, ipvs }: Calibration) {
  return [
    ...Object.entries(flavours).flatMap(([name, { scan, cold }]) => [
      [`/flavours/${name}/scan`, scan.points] as const,
      [`/flavours/${name}/cold`, cold.points] as const,
    ]),
    ["/sets/cold", sets.cold.points] as const,
    ["/ipvs/cold", ipvs.cold.points] as const,
    ["/ipvs/coldEstablished", ipvs.coldEstablished.points] as const,
  ];
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(file, `it is not JSON: ${(error as Error).message}`);
  }
}

function invalid(file: string, why: string): PlumbError {
  return new PlumbError("InvalidInput", `Cannot read calibration '${file}': ${why}`, {
    hint: "plumb calibrate -o FILE writes one",
  });
}
