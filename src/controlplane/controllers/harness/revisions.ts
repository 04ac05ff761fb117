// ControllerRevisions: what a StatefulSet's or DaemonSet's template was. Their data is the patch that `kubectl rollout
// undo` sends.
// Source: pkg/controller/history/controller_history.go.
import type { KubeObject } from "../../../api/meta.js";
import { isStatus } from "../../../api/status.js";
import type { ControllerRevision, PodTemplateSpec } from "../../client/object-types.js";
import { CONTROLLER_REVISIONS, clientOf } from "../../client/resources.js";
import { type Action, carryOut } from "./action.js";
import { controllerReference, type OwnerKind } from "./owners.js";
import { canonicalText, templateHash } from "./template-hash.js";

/** Of Pods: a StatefulSet's carry the name of their revision, a DaemonSet's its hash. */
export const REVISION_LABEL = "controller-revision-hash";

export interface RevisionOwner {
  readonly object: KubeObject;
  readonly ownerKind: OwnerKind;
  readonly template: PodTemplateSpec;
  readonly collisionCount: number;
  /** Under which label its revisions carry their hash. */
  readonly hashLabel: string;
}

export interface RevisionPlan {
  /** Of the template as it is; may have to be made first. */
  readonly update: ControllerRevision;
  readonly actions: readonly Action[];
}

/** @param revisions those the owner controls, in any order */
export function planRevision(owner: RevisionOwner, revisions: readonly ControllerRevision[]): RevisionPlan {
  const sorted = [...revisions].sort(byRevision);
  const newest = sorted.at(-1);
  const next = (newest?.revision ?? 0) + 1;
  const data = { spec: { template: { ...owner.template, $patch: "replace" } } };
  const text = canonicalText(data);
  const equal = sorted.findLast((revision) => canonicalText(revision.data ?? {}) === text);
  if (equal !== undefined && equal === newest) return { update: equal, actions: [] };
  if (equal !== undefined) {
    const update = { ...equal, revision: next };
    return { update, actions: [{ kind: "update", resource: CONTROLLER_REVISIONS, object: update }] };
  }
  const update = newRevision(owner, data, next);
  return { update, actions: [{ kind: "create", resource: CONTROLLER_REVISIONS, object: update }] };
}

/**
 * Carries a plan's actions out. Where the name is taken by another template's revision, `onCollision` counts that: the
 * next hash is another one then.
 * @throws the refusal, after `onCollision`
 */
export async function writeRevision(
  { update, actions }: RevisionPlan,
  context: Parameters<typeof carryOut>[1],
  onCollision: () => Promise<void>,
): Promise<void> {
  try {
    await carryOut(actions, context);
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
    const { name, namespace = "" } = update.metadata;
    const existing = await clientOf(context.client, CONTROLLER_REVISIONS, namespace).get(name);
    if (canonicalText(existing.data ?? {}) === canonicalText(update.data ?? {})) return;
    await onCollision();
    throw error;
  }
}

function newRevision(owner: RevisionOwner, data: object, revision: number): ControllerRevision {
  const { name, namespace = "default", annotations } = owner.object.metadata;
  const hash = templateHash(data, owner.collisionCount);
  return {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name: `${name.slice(0, 223)}-${hash}`,
      namespace,
      labels: { ...owner.template.metadata?.labels, [owner.hashLabel]: hash },
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controllerReference(owner.object, owner.ownerKind)],
    },
    data,
    revision,
  };
}

export function templateOfRevision(revision: ControllerRevision): PodTemplateSpec {
  const { spec } = revision.data as { spec: { template: PodTemplateSpec & { $patch?: string } } };
  const { $patch: _, ...template } = spec.template;
  return template;
}

/** Deletes the oldest that nothing uses, beyond the limit. */
export function forgetRevisions(
  revisions: readonly ControllerRevision[],
  liveNames: ReadonlySet<string>,
  limit: number,
): readonly Action[] {
  const unused = revisions.filter(({ metadata }) => !liveNames.has(metadata.name)).sort(byRevision);
  return unused
    .slice(0, Math.max(0, unused.length - limit))
    .map((object) => ({ kind: "delete", resource: CONTROLLER_REVISIONS, object }));
}

function byRevision(left: ControllerRevision, right: ControllerRevision): number {
  return left.revision - right.revision || (left.metadata.name < right.metadata.name ? -1 : 1);
}
