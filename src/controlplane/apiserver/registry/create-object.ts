// POST: a new object gets its name, uid, time of creation and first state, passes admission, and is stored.
// Source: apiserver pkg/registry/rest/create.go, pkg/registry/generic/registry/store.go.
import { decodedBody } from "../object-codec.js";
import { toStorage } from "../../../api/codec/convert.js";
import type { KubeObject } from "../../../api/meta.js";
import { extended } from "../../../base/extended.js";
import type { ApiResponse } from "../../protocol/api-request.js";
import { storageKey } from "../storage/storage-key.js";
import { strategyOf } from "../strategy/strategies.js";
import { admitted } from "./admission-steps.js";
import { alreadyExists, invalid } from "./api-failures.js";
import { generatedName, newMetadata, withoutStatus } from "./object-metadata.js";
import { answer, type ResourceCall } from "./resource-call.js";

const NAME_ATTEMPTS_MAX = 8;

export async function createObject(call: ResourceCall): Promise<ApiResponse> {
  const { kind, version } = call;
  const { object, warnings } = decodedBody(call.request, {
    group: kind.group,
    version,
    kind: kind.kind,
  });
  call.warnings.push(...warnings);
  return answer(call, 201, await create(call, toStorage(object)));
}

/** Stores an object of the storage version, with a generated name if it asks for one. */
export async function create(call: ResourceCall, given: KubeObject): Promise<KubeObject> {
  const { generateName, name } = given.metadata;
  if (name) return (await createNamed(call, given, name)) ?? refuseTaken(call, name);
  if (!generateName)
    throw invalid(call.kind, "", [
      {
        field: "metadata.name",
        message: "Required value: name or generateName is required",
        reason: "FieldValueRequired",
      },
    ]);
  for (let attempt = 1; ; attempt++) {
    const generated = generatedName(call.registry.prng, generateName);
    const stored = await createNamed(call, given, generated);
    if (stored !== null) return stored;
    if (attempt === NAME_ATTEMPTS_MAX) refuseTaken(call, generated);
  }
}

function refuseTaken(call: ResourceCall, name: string): never {
  throw alreadyExists(call.kind, name);
}

/** Null: there is one of this name. */
async function createNamed(call: ResourceCall, given: KubeObject, name: string): Promise<KubeObject | null> {
  const { kind, registry } = call;
  const metadata = newMetadata(call, given.metadata, name);
  const { forCreate, isCreatedWithStatus } = strategyOf(kind);
  const named = extended(given, { metadata });
  const object = forCreate(isCreatedWithStatus ? named : withoutStatus(kind, named), call.user);
  const key = storageKey(call.prefix, metadata.namespace ?? "", name);
  const admitting = admitted(call, { operation: "CREATE", subresource: "", object, oldObject: null });
  const ready = admitting instanceof Promise ? await admitting : admitting;
  if (!call.isDryRun) return registry.objects.create(key, ready);
  await registry.objects.fresh();
  return registry.objects.cache(call.prefix).get(key) === undefined ? ready : null;
}
