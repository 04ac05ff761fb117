// Objects live in namespaces that exist; nothing new comes into one that is being deleted; three are never deleted.
// Source: apiserver pkg/admission/plugin/namespace/lifecycle.
import type { KubeObject } from "../../../api/meta.js";
import { StatusError } from "../../../api/status.js";
import type { AdmissionRequest, Eventually } from "../access.js";
import { found, kindRow, type ObjectReader } from "../object-access.js";
import { notFound } from "../registry/api-failures.js";
import { type AdmissionPlugin, refused } from "./admission-plugin.js";

const IMMORTAL: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);
const NAMESPACES = kindRow("", "namespaces");
/** To ask about a namespace's existence by one's rights would tell of it. */
const REVIEWS = "localsubjectaccessreviews";

export function namespaceLifecycle(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "NamespaceLifecycle",
    operations: ["CREATE", "UPDATE", "DELETE"],
    resources: null,
    subresources: null,
    mutate(request): Eventually<KubeObject | null> {
      const { kind, operation, namespace, object } = request;
      if (kind === NAMESPACES) {
        if (operation === "DELETE" && IMMORTAL.has(request.name))
          throw refused(request, "this namespace may not be deleted");
        return object;
      }
      if (namespace === "" || operation === "DELETE" || kind.plural === REVIEWS) return object;
      const looking = found(reader, NAMESPACES, "", namespace);
      if (!(looking instanceof Promise)) return admitInto(looking, request);
      return looking.then((existing) => admitInto(existing, request));
    },
  };
}

function admitInto(namespace: KubeObject | undefined, request: AdmissionRequest): KubeObject | null {
  if (namespace === undefined) throw notFound(NAMESPACES, request.namespace);
  const { status } = namespace as { status?: { phase?: string } };
  if (request.operation !== "CREATE" || status?.phase !== "Terminating") return request.object;
  const { status: refusal } = refused(
    request,
    `unable to create new content in namespace ${request.namespace} because it is being terminated`,
  );
  throw new StatusError("Forbidden", refusal.message ?? "", {
    ...refusal.details,
    causes: [
      {
        reason: "NamespaceTerminating",
        message: `namespace ${request.namespace} is being terminated`,
        field: "metadata.namespace",
      },
    ],
  });
}
