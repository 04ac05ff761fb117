// Rolls Deployments out: reads what there is, has planRollout decide, carries that out.
// Source: pkg/controller/deployment/deployment_controller.go.
import type { LabelSelector } from "../../../api/meta.js";
import { matchesSelector } from "../../../api/selector.js";
import { isStatus } from "../../../api/status.js";
import { wallMs } from "../../../base/timers.js";
import type { Informer } from "../../client/informer.js";
import { keyOf } from "../../client/object-store.js";
import type { Deployment, Pod, ReplicaSet } from "../../client/object-types.js";
import { clientOf, DEPLOYMENTS, PODS, REPLICA_SETS } from "../../client/resources.js";
import { type Action, carryOut } from "../harness/action.js";
import { withCondition } from "../harness/conditions.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import {
  carryOutClaim,
  claim,
  controllerIn,
  controllerOf,
  dependentsOf,
  indexByController,
  isControlledBy,
  orphansIn,
} from "../harness/owners.js";
import { isTerminal } from "../harness/pod-state.js";
import { isNamespaceTerminating } from "../harness/refusals.js";
import { writeStatus } from "../harness/write-status.js";
import { progressing, REASONS } from "./deployment-status.js";
import { DEPLOYMENT_KIND, findNewSet, hasProgressDeadline, isRolling } from "./replica-sets.js";
import { planRollout } from "./rollout.js";

export const deploymentController: Controller = {
  name: "deployment",
  component: "deployment-controller",
  workersCount: 5,
  start(context) {
    const shell = new DeploymentShell(context);
    return (key) => shell.reconcile(key);
  },
};

class DeploymentShell {
  readonly #context: ControllerContext;
  readonly #deployments: Informer<Deployment>;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#deployments = context.informers.informer(DEPLOYMENTS);
    this.#sets = context.informers.informer(REPLICA_SETS);
    this.#pods = context.informers.informer(PODS);
    indexByController(this.#sets);
    indexByController(this.#pods);
    const enqueue = (deployment: Deployment): void => context.queue.add(keyOf(deployment));
    this.#deployments.addHandler({
      onAdd: enqueue,
      onUpdate: (_, after) => enqueue(after),
      onDelete: enqueue,
    });
    this.#sets.addHandler({
      onAdd: (set) => this.#setChanged(set),
      onUpdate: (before, set) => {
        if (controllerOf(before)?.uid !== controllerOf(set)?.uid) this.#setChanged(before);
        this.#setChanged(set);
      },
      onDelete: (set) => this.#setChanged(set),
    });
    // A Recreate goes on when the last old Pod is gone.
    this.#pods.addHandler({ onDelete: (pod) => this.#podGone(pod) });
  }

  async reconcile(key: string): Promise<void> {
    const deployment = this.#deployments.lister.get(key);
    if (deployment === undefined) return;
    const sets = await this.#claimSets(deployment);
    const { actions, requeueMs } = planRollout({
      deployment,
      sets,
      runsPodsBeside: (newSet) => this.#runsPodsBeside(sets, newSet),
      nowMs: wallMs(this.#context.timers),
    });
    await this.#carryOut(deployment, actions);
    if (requeueMs !== null) this.#context.queue.addAfter(key, requeueMs);
  }

  #claimSets(deployment: Deployment): Promise<ReplicaSet[]> {
    const { client } = this.#context;
    const { name, namespace = "" } = deployment.metadata;
    const selector = deployment.spec?.selector as LabelSelector;
    const dependents = dependentsOf(this.#sets, deployment);
    return carryOutClaim(claim(deployment, selector, dependents, orphansIn(this.#sets, namespace)), {
      owner: deployment,
      ownerKind: DEPLOYMENT_KIND,
      freshOwner: () => clientOf(client, DEPLOYMENTS, namespace).get(name),
      clientOf: (ofNamespace) => clientOf(client, REPLICA_SETS, ofNamespace),
    });
  }

  #runsPodsBeside(sets: readonly ReplicaSet[], newSet: ReplicaSet | null): boolean {
    return sets.some(
      (set) =>
        set.metadata.uid !== newSet?.metadata.uid &&
        dependentsOf(this.#pods, set).some((pod) => !isTerminal(pod)),
    );
  }

  async #carryOut(deployment: Deployment, actions: readonly Action[]): Promise<void> {
    const creation = actions.find((action) => action.kind === "create");
    if (creation?.kind === "create") {
      try {
        await carryOut([creation], this.#context);
      } catch (error) {
        await this.#creationFailed(deployment, creation.object as ReplicaSet, error as Error);
        return;
      }
    }
    await carryOut(
      actions.filter((action) => action !== creation),
      this.#context,
    );
  }

  /** A set of that name that is ours was only not seen yet; another means that two templates have the same hash. */
  async #creationFailed(deployment: Deployment, set: ReplicaSet, error: Error): Promise<void> {
    if (isNamespaceTerminating(error)) return;
    const { name, namespace = "" } = set.metadata;
    if (isStatus(error, "AlreadyExists")) {
      const existing = await clientOf(this.#context.client, REPLICA_SETS, namespace).get(name);
      const isOurs = isControlledBy(existing, deployment) && findNewSet(deployment, [existing]) !== null;
      if (!isOurs) {
        const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
        await this.#writeStatus(deployment, { collisionCount });
      }
      throw error;
    }
    const message = `Failed to create new replica set "${name}": ${error.message}`;
    this.#context.events.record(deployment, "Warning", REASONS.createFailed, message);
    if (hasProgressDeadline(deployment)) {
      const condition = progressing("False", REASONS.createFailed, message, wallMs(this.#context.timers));
      await this.#writeStatus(deployment, {
        conditions: withCondition(deployment.status?.conditions, condition),
      });
    }
    throw error;
  }

  #writeStatus(deployment: Deployment, change: object): Promise<void> {
    const status = { ...deployment.status, ...change };
    return writeStatus(this.#context.client, DEPLOYMENTS, deployment, status);
  }

  #setChanged(set: ReplicaSet): void {
    const { queue } = this.#context;
    const { namespace = "", labels } = set.metadata;
    if (controllerOf(set) !== undefined) {
      const owner = this.#ownerOf(set);
      if (owner !== undefined) queue.add(keyOf(owner));
      return;
    }
    for (const deployment of this.#deployments.lister.list(namespace))
      if (matchesSelector(labels, deployment.spec?.selector as LabelSelector)) queue.add(keyOf(deployment));
  }

  #ownerOf(set: ReplicaSet): Deployment | undefined {
    return controllerIn(this.#deployments, set, DEPLOYMENT_KIND);
  }

  #podGone(pod: Pod): void {
    const owner = controllerOf(pod);
    if (owner?.kind !== "ReplicaSet") return;
    const set = this.#sets.lister.get(`${pod.metadata.namespace}/${owner.name}`);
    const deployment = set === undefined ? undefined : this.#ownerOf(set);
    if (deployment !== undefined && !isRolling(deployment)) this.#context.queue.add(keyOf(deployment));
  }
}
