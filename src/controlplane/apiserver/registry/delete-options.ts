// How a deletion is to be done: from the body, or from the query.
// Source: apimachinery meta/v1 DeleteOptions; apiserver pkg/registry/generic/registry/store.go (finalizers for dependents).
import { decodedDeleteOptions } from "../object-codec.js";
import type { KubeObject } from "../../../api/meta.js";
import { invalidValue, unsupported } from "../../../api/validation/failure.js";
import { badRequest } from "./api-failures.js";
import type { ResourceCall } from "./resource-call.js";
import { dryRunFailures, refuseOptions } from "./write-options.js";

const FOREGROUND = "foregroundDeletion";
const ORPHAN = "orphan";

const PROPAGATIONS = ["Orphan", "Background", "Foreground"] as const;
type Propagation = (typeof PROPAGATIONS)[number];

export interface DeleteOptions {
  /** null: as the object says. */
  readonly gracePeriodSeconds: number | null;
  readonly propagationPolicy: Propagation | null;
  /** The older way to say it. */
  readonly orphanDependents: boolean | null;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
}

export const DELETE_DEFAULTS: DeleteOptions = {
  gracePeriodSeconds: null,
  propagationPolicy: null,
  orphanDependents: null,
  preconditions: {},
};

export interface DeleteBody {
  readonly gracePeriodSeconds?: unknown;
  readonly propagationPolicy?: unknown;
  readonly orphanDependents?: unknown;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | null;
  readonly dryRun?: readonly string[];
}

/** @throws {StatusError} BadRequest, Invalid */
export function deleteOptionsOf(call: ResourceCall): DeleteOptions {
  const { request } = call;
  return parsedDeleteOptions(
    call,
    hasBody(request.body) ? (decodedDeleteOptions(request) as DeleteBody) : {},
  );
}

/** @throws {StatusError} BadRequest, Invalid */
export function parsedDeleteOptions(call: ResourceCall, body: DeleteBody): DeleteOptions {
  const { request } = call;
  if (body.dryRun?.includes("All")) call.isDryRun = true;
  const grace = body.gracePeriodSeconds ?? request.query.get("gracePeriodSeconds");
  const policy = body.propagationPolicy ?? request.query.get("propagationPolicy");
  const orphan = body.orphanDependents ?? request.query.get("orphanDependents");
  const failures = dryRunFailures(body.dryRun ?? []);
  if (policy != null && orphan != null)
    failures.push(
      invalidValue(
        "propagationPolicy",
        policy,
        "orphanDependents and deletionPropagation cannot be both set",
      ),
    );
  const propagationPolicy = propagationOf(policy);
  if (propagationPolicy === undefined)
    failures.push(unsupported("propagationPolicy", policy, ["Foreground", "Background", "Orphan", "nil"]));
  refuseOptions(call, "DeleteOptions", failures);
  return {
    gracePeriodSeconds: graceOf(grace),
    propagationPolicy: propagationPolicy ?? null,
    orphanDependents: orphan == null ? null : orphan === true || orphan === "true",
    preconditions: preconditionsOf(body.preconditions),
  };
}

function hasBody(body: Uint8Array | object | null): boolean {
  return body instanceof Uint8Array ? body.length > 0 : body !== null;
}

/** Null and "" are as good as nothing. */
function preconditionsOf(given: DeleteBody["preconditions"]): DeleteOptions["preconditions"] {
  return {
    ...(given?.uid ? { uid: given.uid } : {}),
    ...(given?.resourceVersion ? { resourceVersion: given.resourceVersion } : {}),
  };
}

function graceOf(value: unknown): number | null {
  if (value == null || value === "") return null;
  const seconds = Number(value);
  if (!Number.isSafeInteger(seconds))
    throw badRequest(`gracePeriodSeconds: Invalid value: "${value}": must be a whole number`);
  return seconds;
}

/** Undefined: there is no such policy. */
function propagationOf(value: unknown): Propagation | null | undefined {
  if (value == null || value === "") return null;
  return PROPAGATIONS.find((each) => each === value);
}

/** Finalizers that make the garbage collector do as asked, beside those of others. */
export function finalizersAfter(
  object: KubeObject,
  options: DeleteOptions,
  defaultPropagation: "Orphan" | "Background",
): readonly string[] {
  const own = object.metadata.finalizers ?? [];
  const others = own.filter((each) => each !== FOREGROUND && each !== ORPHAN);
  switch (propagation(own, options, defaultPropagation)) {
    case "Orphan":
      return [...others, ORPHAN];
    case "Foreground":
      return [...others, FOREGROUND];
    default:
      return others;
  }
}

/** A request that says nothing leaves what an earlier one said. */
function propagation(
  own: readonly string[],
  options: DeleteOptions,
  defaultPropagation: Propagation,
): Propagation {
  if (options.orphanDependents !== null) return options.orphanDependents ? "Orphan" : "Background";
  if (options.propagationPolicy !== null) return options.propagationPolicy;
  if (own.includes(ORPHAN)) return "Orphan";
  if (own.includes(FOREGROUND)) return "Foreground";
  return defaultPropagation;
}
