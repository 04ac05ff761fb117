// Where a list in pages goes on: the revision of its first page and the next key.
// Source: apiserver pkg/storage/continue.go.
import type { Revision } from "../../store/store.js";
import { badRequest } from "./api-failures.js";

export interface ContinueToken {
  readonly revision: Revision;
  /** Below the resource's prefix: "default/web-0\0". */
  readonly start: string;
}

export function encodeContinue(token: ContinueToken): string {
  const json = JSON.stringify({ v: "meta.k8s.io/v1", rv: token.revision, start: token.start });
  return Buffer.from(json).toString("base64url");
}

/** @throws {StatusError} BadRequest when it was not made here */
export function decodeContinue(text: string): ContinueToken {
  const { v, rv, start } = parsed(text);
  if (v !== "meta.k8s.io/v1" || !Number.isSafeInteger(rv) || (rv as number) <= 0 || typeof start !== "string")
    throw badRequest("continue key is not valid");
  if (start.startsWith("/") || start.split("/").includes(".."))
    throw badRequest("continue key is not valid: it leads outside the resource");
  return { revision: rv as number, start };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
