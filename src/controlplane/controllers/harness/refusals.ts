// Why the server may refuse what a controller asks.
import { StatusError } from "../../../api/status.js";

/** The namespace is being deleted: nothing can be created in it any more, and nothing needs to be. */
export function isNamespaceTerminating(error: unknown): boolean {
  if (!(error instanceof StatusError)) return false;
  return (error.status.details?.causes ?? []).some(({ reason }) => reason === "NamespaceTerminating");
}
