// What a node lacks for a Pod: the comparison under NodeResourcesFit, in the order in which users see the reasons.
// Source: kube-scheduler plugins/noderesources/fit.go.
import { CPU, EPHEMERAL_STORAGE, MEMORY, type Resources } from "../../cache/resources.js";

const FIXED = [CPU, MEMORY, EPHEMERAL_STORAGE] as const;

export interface Shortage {
  readonly reason: string;
  /** The node would lack it with no Pod on it, too. */
  readonly isUnresolvable: boolean;
}

export interface NodeRoom {
  readonly podCount: number;
  readonly requested: Resources;
  readonly allocatable: Resources;
}

/** @param isIgnored asked of resources other than CPU, memory and ephemeral storage */
export function shortages(
  request: Resources,
  room: NodeRoom,
  isIgnored: (resource: string) => boolean,
): Shortage[] {
  const found: Shortage[] = [];
  if (room.podCount + 1 > room.allocatable.pods)
    found.push({ reason: "Too many pods", isUnresolvable: false });
  const compare = (name: string) => {
    const amount = request.get(name);
    const capacity = room.allocatable.get(name);
    if (amount > 0 && amount > capacity - room.requested.get(name))
      found.push({ reason: `Insufficient ${name}`, isUnresolvable: amount > capacity });
  };
  for (const name of FIXED) compare(name);
  for (const name of request.scalar.keys()) if (!isIgnored(name)) compare(name);
  return found;
}

/** Whether there is more of anything the Pod asks for than there was; room for one more Pod always helps. */
export function hasGrown(request: Resources, before: Resources, after: Resources): boolean {
  const names = [...FIXED, ...request.scalar.keys()];
  return (
    after.pods > before.pods ||
    names.some((name) => request.get(name) > 0 && after.get(name) > before.get(name))
  );
}
