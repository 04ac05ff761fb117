// What a server says of a patch that leaves something no schema allows. It does not name the object: kubectl prints "The
// request is invalid: patch: Invalid value: ...".
// Source: apiserver pkg/endpoints/handlers/patch.go (applyPatchToObject), apimachinery pkg/runtime/converter.go.
import type { UnfitBody } from "../../../api/codec/decode-object.js";
import { StatusError } from "../../../api/status.js";
import type { PatchType } from "../../protocol/api-request.js";

/** @param patched the object that the patch made */
export function unfitPatch(
  type: PatchType,
  patch: unknown,
  patched: object,
  { why }: UnfitBody,
): StatusError {
  const shown = type === "strategic" ? goText(patch) : JSON.stringify(patched);
  const reason = type === "strategic" ? converterText(why) : why;
  const message = `Invalid value: ${JSON.stringify(shown)}: ${reason}`;
  const causes = [{ reason: "FieldValueInvalid", message, field: "patch" }];
  return new StatusError("Invalid", ` "" is invalid: patch: ${message}`, { causes });
}

/** As Go prints what JSON was read into, with %+v: "map[spec:map[replicas:x]]". */
function goText(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (typeof value !== "object") return String(value);
  const names = Object.keys(value).sort();
  return `map[${names.map((name) => `${name}:${goText((value as Record<string, unknown>)[name])}`).join(" ")}]`;
}

const MISTAKE = /^json: cannot unmarshal (\w+)( \S+)? into .* of type (\S+)$/;
/** What Go holds JSON's types in. */
const HELD_AS: Readonly<Record<string, string>> = { number: "int64", object: "map", array: "slice" };

/** Strategic merge patches are not read from JSON text, but converted from maps, which has words of its own. */
function converterText(why: string): string {
  const [, jsonType = "", literal, goType = ""] = MISTAKE.exec(why) ?? [];
  if (jsonType === "") return why;
  const held = HELD_AS[jsonType] ?? jsonType;
  if (goType.startsWith("[]")) return `cannot restore slice from ${held}`;
  if (goType.startsWith("map[")) return `cannot restore map from ${held}`;
  if (goType.includes(".")) return `cannot restore struct from: ${held}`;
  if (literal !== undefined) return `cannot convert float64 to ${goType}`;
  if (held === "int64" && goType === "string") return "cannot convert int64 to string";
  return `unrecognized type: ${goType}`;
}
