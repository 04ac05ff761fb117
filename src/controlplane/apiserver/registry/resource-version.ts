// What clients may ask of revisions.
import { StatusError } from "../../../api/status.js";
import type { Revision } from "../../store/store.js";
import { badRequest } from "./api-failures.js";
import type { ResourceCall } from "./resource-call.js";

/** "" is null: the newest. @throws {StatusError} BadRequest */
export function revisionAsked(text: string | null): Revision | null {
  if (text === null || text === "") return null;
  const revision = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(revision))
    throw badRequest(`Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`);
  return revision;
}

/** @returns null for the newest. @throws {StatusError} Timeout for one that is not there yet */
export function checkResourceVersion(call: ResourceCall, text: string | null): Revision | null {
  const revision = revisionAsked(text);
  if (revision !== null && revision > call.registry.objects.storeRevision) throw tooLarge(call, revision);
  return revision;
}

function tooLarge(call: ResourceCall, revision: Revision): StatusError {
  return new StatusError(
    "Timeout",
    `Too large resource version: ${revision}, current: ${call.registry.objects.storeRevision}`,
    {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
  );
}
