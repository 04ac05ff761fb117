// result.json: written canonically, read with a check, so that a report made years later fails with a sentence and
// not with a stack.
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { PlumbError } from "../base/errors.js";
import { canonicalJson } from "./canonical-json.js";
import { resultSchema } from "./result-schema.js";
import { RUN_SCHEMA_VERSION, type RunRecord } from "./run-record.js";

/** The text of result.json. Asserts that no number is NaN and nothing is undefined. */
export function writeRecord(record: RunRecord): string {
  return canonicalJson(record);
}

/**
 * Read the text of result.json.
 * @throws {PlumbError} InvalidInput: not JSON, not ours, of a newer layout, or not what its layout says
 */
export function readRecord({ file, text }: { readonly file: string; readonly text: string }): RunRecord {
  const value = parse(file, text);
  const version = isObject(value) ? value["schemaVersion"] : undefined;
  const tool = isObject(value) && isObject(value["tool"]) ? value["tool"]["name"] : undefined;
  if (typeof version !== "string" || tool !== "plumbline") {
    throw invalid(file, "it is not a result of plumbline: no schemaVersion, or tool.name is another");
  }
  checkVersion(file, version);
  const faults = check(value);
  if (faults.length > 0)
    throw invalid(file, `it is not what layout ${version} says:\n  ${faults.join("\n  ")}`);
  return value as unknown as RunRecord;
}

/** Faults of a record against the published schema, "" for none; at most ten. */
function check(value: unknown): string[] {
  const validate = compiled();
  if (validate(value)) return [];
  const faults = (validate.errors ?? []).map(describeFault);
  return [...new Set(faults)].slice(0, 10);
}

let validator: ReturnType<Ajv2020["compile"]> | null = null;

/** Compiling takes some 30 ms, so it is done when first needed. */
function compiled(): ReturnType<Ajv2020["compile"]> {
  validator ??= new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(resultSchema);
  return validator;
}

function describeFault({ instancePath, message, params }: ErrorObject): string {
  const extra = params["additionalProperty"] ?? params["allowedValues"];
  const detail = extra === undefined ? "" : ` (${Array.isArray(extra) ? extra.join(", ") : String(extra)})`;
  return `${instancePath || "/"}: ${message ?? "is wrong"}${detail}`;
}

/** A newer layout may mean something else by the same keys; an older major version does. */
function checkVersion(file: string, version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [ownMajor = 0, ownMinor = 0] = RUN_SCHEMA_VERSION.split(".").map(Number);
  if (major === ownMajor && minor <= ownMinor) return;
  const newer = major > ownMajor || (major === ownMajor && minor > ownMinor);
  const hint = newer
    ? "read it with the plumbline that made it, or a newer one"
    : "measure again with this plumbline";
  throw invalid(
    file,
    `its layout is ${version}, this plumbline reads ${ownMajor}.0 to ${ownMajor}.${ownMinor}`,
    hint,
  );
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(file, `it is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function invalid(file: string, why: string, hint?: string): PlumbError {
  return new PlumbError(
    "InvalidInput",
    `Cannot read result '${file}': ${why}`,
    hint === undefined ? {} : { hint },
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
