// Endpoints that have the same ports -> slices of at most 100, changing as few slices as can be: every slice that changes
// is sent to every node.
//
// 1. Slices lose what is no longer wanted, and what changed is changed in place.
// 2. New endpoints fill the slices that change anyway, the fullest first.
// 3. What is left goes into new slices; the last, incomplete part into that unchanged slice which it fills best.
// Slices are never repacked: half-empty ones stay. Cost: O(endpoints).
// Source: endpointslice/reconciler.go (reconcileByPortMapping), utils.go (getSliceToFill).
import type { EndpointSlice, SliceEndpoint } from "../../client/cluster-resources.js";

export interface Packing {
  /** Endpoints of slices that are to be made. */
  readonly create: readonly (readonly SliceEndpoint[])[];
  readonly update: readonly { readonly slice: EndpointSlice; readonly endpoints: readonly SliceEndpoint[] }[];
  readonly remove: readonly EndpointSlice[];
  readonly keep: readonly EndpointSlice[];
}

export interface PackingInput {
  readonly existing: readonly EndpointSlice[];
  readonly desired: readonly SliceEndpoint[];
  readonly endpointsMax: number;
  /** The slice's labels are not those it should have. */
  readonly isMislabelled: (slice: EndpointSlice) => boolean;
}

interface Draft {
  readonly slice: EndpointSlice;
  readonly endpoints: SliceEndpoint[];
}

export function packSlices({ existing, desired, endpointsMax, isMislabelled }: PackingInput): Packing {
  const missing = new Map(desired.map((endpoint) => [identityOf(endpoint), endpoint]));
  const changing: Draft[] = [];
  const same: EndpointSlice[] = [];
  const remove: EndpointSlice[] = [];
  for (const slice of existing) {
    const { endpoints, isChanged } = keepWanted(slice, missing);
    if (endpoints.length === 0) remove.push(slice);
    else if (isChanged || isMislabelled(slice)) changing.push({ slice, endpoints });
    else same.push(slice);
  }
  fill(changing, missing, endpointsMax);
  const create: SliceEndpoint[][] = [];
  while (missing.size > 0) {
    const best = missing.size < endpointsMax ? bestToFill(same, missing.size, endpointsMax) : null;
    if (best === null) create.push(takeFrom(missing, endpointsMax));
    else {
      same.splice(same.indexOf(best), 1);
      changing.push({
        slice: best,
        endpoints: [...(best.endpoints ?? []), ...takeFrom(missing, missing.size)],
      });
    }
  }
  return { create, update: changing, remove, keep: same };
}

/** Takes what it keeps out of `missing`. */
function keepWanted(
  slice: EndpointSlice,
  missing: Map<string, SliceEndpoint>,
): { readonly endpoints: SliceEndpoint[]; readonly isChanged: boolean } {
  const endpoints: SliceEndpoint[] = [];
  let isChanged = false;
  for (const endpoint of slice.endpoints ?? []) {
    const identity = identityOf(endpoint);
    const wanted = missing.get(identity);
    if (wanted === undefined) {
      isChanged = true;
      continue;
    }
    missing.delete(identity);
    if (isSameEndpoint(endpoint, wanted)) endpoints.push(endpoint);
    else {
      endpoints.push(endpoint.hints === undefined ? wanted : { ...wanted, hints: endpoint.hints });
      isChanged = true;
    }
  }
  return { endpoints, isChanged };
}

function fill(changing: readonly Draft[], missing: Map<string, SliceEndpoint>, endpointsMax: number): void {
  const fullestFirst = [...changing].sort((left, right) => right.endpoints.length - left.endpoints.length);
  for (const { endpoints } of fullestFirst)
    if (endpoints.length < endpointsMax)
      endpoints.push(...takeFrom(missing, endpointsMax - endpoints.length));
}

function takeFrom(missing: Map<string, SliceEndpoint>, count: number): SliceEndpoint[] {
  const taken: SliceEndpoint[] = [];
  for (const [identity, endpoint] of missing) {
    if (taken.length === count) break;
    taken.push(endpoint);
    missing.delete(identity);
  }
  return taken;
}

/** The slice that is fullest when all of them are in it; null when they fit in none. */
function bestToFill(
  slices: readonly EndpointSlice[],
  count: number,
  endpointsMax: number,
): EndpointSlice | null {
  let best: EndpointSlice | null = null;
  let bestLeft = Number.POSITIVE_INFINITY;
  for (const slice of slices) {
    const left = endpointsMax - (slice.endpoints ?? []).length - count;
    if (left < 0 || left >= bestLeft) continue;
    best = slice;
    bestLeft = left;
  }
  return best;
}

/** What makes an endpoint another one rather than the same, changed. */
function identityOf({ addresses, hostname = "", nodeName = "", targetRef }: SliceEndpoint): string {
  return `${addresses.join(",")}|${hostname}|${nodeName}|${targetRef?.namespace ?? ""}/${targetRef?.name ?? ""}`;
}

/** Hints do not count: they are given afterwards. */
function isSameEndpoint(left: SliceEndpoint, right: SliceEndpoint): boolean {
  return (
    left.zone === right.zone &&
    left.targetRef?.uid === right.targetRef?.uid &&
    left.conditions?.ready === right.conditions?.ready &&
    left.conditions?.serving === right.conditions?.serving &&
    left.conditions?.terminating === right.conditions?.terminating
  );
}
