// Counts anew what quotas limit: admission counts up as objects come, this counts down as they go, and repairs.
// What an object counts for is the server's knowledge and is handed in, so that both always agree.
// Cost: O(objects of the namespace of the limited kinds) a reconcile; only objects that go, or stop counting, cause one.
// Source: pkg/controller/resourcequota/resource_quota_controller.go.
import {
  type Amounts,
  amountsOf,
  NOTHING,
  quantitiesOf,
  type Quantities,
  sumOf,
} from "../../../api/amount.js";
import type { Kind } from "../../../api/kinds/kind.js";
import { KINDS } from "../../../api/kinds/kinds.js";
import type { KubeObject } from "../../../api/meta.js";
import { RESOURCE_QUOTAS, type ResourceQuota } from "../../client/cluster-resources.js";
import type { Informer } from "../../client/informer.js";
import { keyOf } from "../../client/object-store.js";
import { clientOf, resourceOf } from "../../client/resources.js";
import type { Controller, ControllerContext } from "../harness/controller.js";

export interface QuotaEvaluator {
  /** name -> amount of one object. */
  usage(kind: Kind, object: KubeObject): Amounts;
  /** Whether the quota is about it; null: an object that is no Pod. */
  isInScope(spec: object, pod: KubeObject | null): boolean;
}

/** Everything is counted anew that often, whatever happened. */
const RESYNC_MS = 300_000;
/** Objects often go together. */
const GATHER_MS = 100;

interface Counted {
  readonly kind: Kind;
  readonly informer: Informer<KubeObject>;
}

/** null: nothing is to be written. */
function quotaStatus(
  quota: ResourceQuota,
  objects: Iterable<{ readonly kind: Kind; readonly object: KubeObject }>,
  evaluator: QuotaEvaluator,
): { readonly hard: Quantities; readonly used: Quantities } | null {
  const hard = (quota.spec?.hard ?? {}) as Quantities;
  const names = Object.keys(hard);
  let total: Amounts = {};
  for (const { kind, object } of objects) {
    const isPod = kind.group === "" && kind.plural === "pods";
    if (!evaluator.isInScope(quota.spec ?? {}, isPod ? object : null)) continue;
    const usage = evaluator.usage(kind, object);
    total = sumOf(total, Object.fromEntries(Object.entries(usage).filter(([name]) => names.includes(name))));
  }
  const used = Object.fromEntries(names.map((name) => [name, total[name] ?? NOTHING]));
  const isRight =
    isSame(amountsOf((quota.status?.used ?? {}) as Quantities), used) &&
    JSON.stringify(Object.entries(quota.status?.hard ?? {}).sort()) ===
      JSON.stringify(Object.entries(hard).sort());
  return isRight ? null : { hard, used: quantitiesOf(used) };
}

function isSame(left: Amounts, right: Amounts): boolean {
  const names = Object.keys(right);
  return (
    Object.keys(left).length === names.length &&
    names.every((name) => left[name]?.milli === right[name]?.milli)
  );
}

/** Whether a quota of these names needs objects of the kind. */
function isLimited({ group, plural }: Kind, names: readonly string[]): boolean {
  const counted = `count/${group === "" ? plural : `${plural}.${group}`}`;
  if (names.includes(counted)) return true;
  if (group !== "") return false;
  if (plural === "pods")
    return names.some((name) => !name.includes("count/") && !name.includes("storageclass"));
  if (plural === "services") return names.some((name) => name.startsWith("services"));
  if (plural === "persistentvolumeclaims")
    return names.some((name) => name.includes("persistentvolumeclaims") || name.endsWith("requests.storage"));
  return names.includes(plural);
}

export function resourceQuotaController(evaluator: QuotaEvaluator): Controller {
  return {
    name: "resourcequota",
    component: "resourcequota-controller",
    workersCount: 5,
    start(context) {
      const { informers, queue, client } = context;
      const quotas = informers.informer(RESOURCE_QUOTAS);
      const counted = KINDS.filter(
        ({ isNamespaced, verbs, storedAs, plural }) =>
          isNamespaced && verbs.includes("watch") && storedAs === undefined && plural !== "events",
      ).map((kind): Counted => {
        const resource = resourceOf(kind.group, kind.storageVersion, kind.plural);
        return { kind, informer: informers.informer(resource) };
      });
      const look = (quota: ResourceQuota): void => queue.add(keyOf(quota));
      quotas.addHandler(
        {
          onAdd: look,
          onUpdate: (before, quota) => {
            const isResync = before === quota;
            if (isResync || JSON.stringify(before.spec) !== JSON.stringify(quota.spec) || !isTracked(quota))
              look(quota);
          },
        },
        RESYNC_MS,
      );
      for (const { kind, informer } of counted) watchGoing(context, quotas, kind, informer);
      return async (key) => {
        const quota = quotas.lister.get(key);
        if (quota === undefined) return;
        const names = Object.keys(quota.spec?.hard ?? {});
        const namespace = quota.metadata.namespace ?? "";
        const objects = counted
          .filter(({ kind }) => isLimited(kind, names))
          .flatMap(({ kind, informer }) =>
            informer.lister.list(namespace).map((object) => ({ kind, object })),
          );
        const status = quotaStatus(quota, objects, evaluator);
        if (status !== null)
          await clientOf(client, RESOURCE_QUOTAS, namespace).updateStatus({ ...quota, status });
      };
    },
  };
}

function isTracked({ spec, status }: ResourceQuota): boolean {
  return Object.keys(spec?.hard ?? {}).length === Object.keys(status?.hard ?? {}).length;
}

function watchGoing(
  { queue }: ControllerContext,
  quotas: Informer<ResourceQuota>,
  kind: Kind,
  informer: Informer<KubeObject>,
): void {
  const gone = ({ metadata }: KubeObject): void => {
    for (const quota of quotas.lister.list(metadata.namespace ?? ""))
      if (isLimited(kind, Object.keys(quota.spec?.hard ?? {}))) queue.addAfter(keyOf(quota), GATHER_MS);
  };
  informer.addHandler({
    onDelete: gone,
    onUpdate: (before, after) => {
      // A Pod that has ended no longer counts; Services and claims change what they ask for.
      if (isRecounted(kind, before, after)) gone(after);
    },
  });
}

interface Recounted extends KubeObject {
  readonly spec?: { readonly type?: string; readonly ports?: readonly object[]; readonly resources?: object };
  readonly status?: { readonly phase?: string };
}

function isRecounted({ group, plural }: Kind, before: Recounted, after: Recounted): boolean {
  if (group !== "") return false;
  if (plural === "pods") {
    const hasEnded = ({ status }: Recounted): boolean =>
      ["Succeeded", "Failed"].includes(status?.phase ?? "");
    return hasEnded(before) !== hasEnded(after);
  }
  if (plural === "services")
    return before.spec?.type !== after.spec?.type || before.spec?.ports?.length !== after.spec?.ports?.length;
  if (plural !== "persistentvolumeclaims") return false;
  return JSON.stringify(before.spec?.resources) !== JSON.stringify(after.spec?.resources);
}
