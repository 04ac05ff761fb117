// POST pods/NAME/binding: the Pod goes to a node, once and for all.
// Source: pkg/registry/core/pod/storage/storage.go (BindingREST).
import { decodedBody } from "../object-codec.js";
import type { KubeObject } from "../../../api/meta.js";
import type { ApiResponse } from "../../protocol/api-request.js";
import { admissionRequest } from "../registry/admission-steps.js";
import { badRequest, conflict, invalid, notFound } from "../registry/api-failures.js";
import { keyOf, type ResourceCall, timestamp } from "../registry/resource-call.js";
import type { SpecObject } from "../strategy/strategy.js";
import { success } from "./success.js";

interface Binding extends KubeObject {
  readonly target?: { readonly kind?: string; readonly name?: string };
}

const BINDING = { group: "", version: "v1", kind: "Binding" };

export function bindPod(call: ResourceCall): Promise<ApiResponse> {
  return bind(call, call.info.name, decodedBody(call.request, BINDING).object);
}

/** POST bindings: the Pod is the one that the Binding is called. */
export function createBinding(call: ResourceCall): Promise<ApiResponse> {
  const { object } = decodedBody(call.request, BINDING);
  if (!object.metadata.name) throw badRequest("name must be provided");
  return bind(call, object.metadata.name, object);
}

async function bind(call: ResourceCall, name: string, binding: Binding): Promise<ApiResponse> {
  const { registry, info } = call;
  if (binding.metadata.name && binding.metadata.name !== name)
    throw badRequest("name in URL does not match name in Binding object");
  const node = nodeOf(call, binding);
  const metadata = { ...binding.metadata, name, namespace: info.namespace };
  const request = admissionRequest(
    call,
    { operation: "CREATE", subresource: "binding", oldObject: null },
    { ...binding, metadata },
  );
  const mutating = registry.admission.mutate(request);
  if (mutating instanceof Promise) await mutating;
  const validating = registry.admission.validate(request);
  if (validating instanceof Promise) await validating;
  await registry.objects.update(
    call.prefix,
    keyOf(call, name),
    (pod) => {
      const bound = boundPod(call, pod, binding, node);
      return call.isDryRun ? pod : bound;
    },
    () => notFound(call.kind, name),
  );
  return success(201);
}

function nodeOf(call: ResourceCall, { target }: Binding): string {
  const kind = target?.kind ?? "";
  const failures = [
    ...(kind === "" || kind === "Node" || kind === "Minion"
      ? []
      : [
          {
            field: "target.kind",
            message: `Unsupported value: "${kind}": supported values: "Node", "<empty>"`,
            reason: "FieldValueNotSupported",
          },
        ]),
    ...(target?.name
      ? []
      : [{ field: "target.name", message: "Required value", reason: "FieldValueRequired" }]),
  ];
  if (failures.length > 0) throw invalid({ ...call.kind, kind: "Binding" }, call.info.name, failures);
  return target?.name as string;
}

function boundPod(call: ResourceCall, pod: SpecObject, binding: Binding, node: string): KubeObject {
  const { name, uid, resourceVersion, deletionTimestamp } = pod.metadata;
  const refuse = (why: string) => conflict({ ...call.kind, plural: "pods/binding" }, name, why);
  const wanted = binding.metadata;
  if (wanted.uid && wanted.uid !== uid)
    throw refuse(`Precondition failed: UID in precondition: ${wanted.uid}, UID in object meta: ${uid}`);
  if (wanted.resourceVersion && wanted.resourceVersion !== resourceVersion)
    throw refuse(
      `Precondition failed: ResourceVersion in precondition: ${wanted.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`,
    );
  if (deletionTimestamp !== undefined)
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  const assigned = pod.spec?.["nodeName"];
  if (assigned) throw refuse(`pod ${name} is already assigned to node "${assigned}"`);
  if (((pod.spec?.["schedulingGates"] as readonly unknown[] | undefined) ?? []).length > 0)
    throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  const { annotations } = pod.metadata;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(wanted.annotations === undefined ? {} : { annotations: { ...annotations, ...wanted.annotations } }),
    },
    spec: { ...pod.spec, nodeName: node },
    status: { ...pod.status, conditions: withScheduled(call, pod.status?.["conditions"]) },
  } as KubeObject;
}

function withScheduled(call: ResourceCall, conditions: unknown): readonly object[] {
  const others = ((conditions as readonly { type: string }[] | undefined) ?? []).filter(
    ({ type }) => type !== "PodScheduled",
  );
  const now = timestamp(call.registry.timers);
  return [...others, { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: now }];
}
