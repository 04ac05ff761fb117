// Empties namespaces that are being deleted: Pods first, then everything else; then lets the namespace go.
// Source: pkg/controller/namespace.
import { isStatus } from "../../../api/status.js";
import { wallMs } from "../../../base/timers.js";
import { NAMESPACES, type Namespace } from "../../client/cluster-resources.js";
import type { Informer } from "../../client/informer.js";
import type { Pod } from "../../client/object-types.js";
import { clientOf, PODS, type Resource } from "../../client/resources.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import { isTerminal } from "../harness/pod-state.js";
import { timeMs, timeNow } from "../harness/times.js";
import {
  CONTENT_RESOURCES,
  deletionConditions,
  FINALIZER_WAIT_SECONDS,
  podWaitSeconds,
  type Remaining,
  remainingOf,
} from "./namespace-contents.js";

const KUBERNETES = "kubernetes";
/**
 * What was admitted before the deletion gets the time to be written. Upstream waits five seconds, for other API servers to
 * hear of the deletion; here there is one, and it knows.
 */
const SETTLE_MS = 100;
/** A Pod has ended: others of the namespace may do so at the same time. */
const POD_GONE_MS = 200;

export const namespaceController: Controller = {
  name: "namespace",
  component: "namespace-controller",
  workersCount: 10,
  start(context) {
    const shell = new NamespaceShell(context);
    return (key) => shell.reconcile(key);
  },
};

class NamespaceShell {
  readonly #context: ControllerContext;
  readonly #namespaces: Informer<Namespace>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#namespaces = context.informers.informer(NAMESPACES);
    const look = ({ metadata }: Namespace): void => {
      if (metadata.deletionTimestamp !== undefined) context.queue.addAfter(metadata.name, SETTLE_MS);
    };
    this.#namespaces.addHandler({ onAdd: look, onUpdate: (_, namespace) => look(namespace) });
    context.informers.informer(PODS).addHandler({
      onDelete: ({ metadata: { namespace = "" } }) => {
        if (this.#namespaces.lister.get(namespace)?.metadata.deletionTimestamp !== undefined)
          context.queue.addAfter(namespace, POD_GONE_MS);
      },
    });
  }

  async reconcile(name: string): Promise<void> {
    const namespaces = clientOf(this.#context.client, NAMESPACES, null);
    if (this.#namespaces.lister.get(name) === undefined) return;
    const namespace = await namespaces.get(name).catch((error: unknown) => {
      if (isStatus(error, "NotFound")) return null;
      throw error;
    });
    if (namespace === null || namespace.metadata.deletionTimestamp === undefined) return;
    if (!(namespace.spec?.finalizers ?? []).includes(KUBERNETES)) return;
    const failures: string[] = [];
    const waitSeconds = await this.#empty(namespace, failures);
    if (failures.length > 0) throw new Error(failures.join("; "));
    if (waitSeconds > 0) {
      this.#context.queue.addAfter(name, (Math.floor(waitSeconds / 2) + 1) * 1000);
      return;
    }
    await this.#finalize(name);
  }

  /** @returns seconds until what is left should be gone; 0: nothing is left */
  async #empty(namespace: Namespace, failures: string[]): Promise<number> {
    const { name } = namespace.metadata;
    const podsWait = await this.#podsWaitSeconds(namespace);
    const pods = await this.#emptyOf(PODS, name, failures);
    if (pods !== null && pods.count > 0) {
      if (podsWait === 0 && pods.finalizers.size === 0) failures.push(leftOver(name, pods));
      await this.#report(namespace, [], failures);
      return Math.max(podsWait, FINALIZER_WAIT_SECONDS);
    }
    const remaining: Remaining[] = [];
    for (const resource of CONTENT_RESOURCES) {
      const left = await this.#emptyOf(resource, name, failures);
      if (left === null || left.count === 0) continue;
      remaining.push(left);
      if (left.finalizers.size === 0) failures.push(leftOver(name, left));
    }
    await this.#report(namespace, remaining, failures);
    return remaining.length === 0 ? 0 : FINALIZER_WAIT_SECONDS;
  }

  /** @returns what is left; null when that could not be found out */
  async #emptyOf(resource: Resource, namespace: string, failures: string[]): Promise<Remaining | null> {
    const objects = clientOf(this.#context.client, resource, namespace);
    try {
      const { items: before } = await objects.list();
      if (before.length === 0) return remainingOf(resource, []);
      await objects.deleteCollection({}, { propagationPolicy: "Background" });
      return remainingOf(resource, (await objects.list()).items);
    } catch (error) {
      if (isStatus(error, "NotFound") || isStatus(error, "MethodNotAllowed")) return null;
      failures.push((error as Error).message);
      return null;
    }
  }

  async #podsWaitSeconds({ metadata }: Namespace): Promise<number> {
    const { items } = await clientOf(this.#context.client, PODS, metadata.name).list();
    const seconds = items.filter((pod) => !isTerminal(pod)).map(graceSecondsOf);
    const deletedForMs = wallMs(this.#context.timers) - timeMs(metadata.deletionTimestamp);
    return podWaitSeconds(seconds, deletedForMs / 1000);
  }

  async #report(namespace: Namespace, remaining: readonly Remaining[], failures: string[]): Promise<void> {
    const now = timeNow(this.#context.timers);
    const conditions = deletionConditions(namespace, { remaining, failures, now });
    if (conditions === null) return;
    const status = { ...namespace.status, conditions };
    try {
      await clientOf(this.#context.client, NAMESPACES, null).updateStatus({ ...namespace, status });
    } catch (error) {
      // What is said about the contents must not keep them from being deleted.
      if (!isStatus(error, "Conflict") && !isStatus(error, "NotFound")) this.#context.onError(error as Error);
    }
  }

  /** The last finalizer: the server removes the namespace. */
  async #finalize(name: string): Promise<void> {
    const namespaces = clientOf(this.#context.client, NAMESPACES, null);
    const namespace = await namespaces.get(name);
    const finalizers = (namespace.spec?.finalizers ?? []).filter((each) => each !== KUBERNETES);
    await namespaces.updatePart({ ...namespace, spec: { ...namespace.spec, finalizers } }, "finalize");
  }
}

function graceSecondsOf({ spec, metadata }: Pod): number {
  return metadata.deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? 30;
}

function leftOver(namespace: string, { resource }: Remaining): string {
  return `unexpected items still remain in namespace: ${namespace} for gvr: ${resource.group}/${resource.version}, Resource=${resource.resource}`;
}
