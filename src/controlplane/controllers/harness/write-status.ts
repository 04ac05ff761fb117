// Most passes find a status as it is already: only what differs is written, or each write would bring the next pass.
import type { KubeObject } from "../../../api/meta.js";
import type { Client } from "../../client/client.js";
import { clientOf, type Resource } from "../../client/resources.js";
import { canonicalText } from "./template-hash.js";

/** Writes an object's status unless it says the same, in whatever order. */
export async function writeStatus<Kind extends KubeObject & { readonly status?: object }>(
  client: Client,
  resource: Resource<Kind>,
  object: Kind,
  status: object,
): Promise<void> {
  if (canonicalText(object.status ?? {}) === canonicalText(status)) return;
  await clientOf(client, resource, object.metadata.namespace ?? "").updateStatus({ ...object, status });
}
