// Keeps one node known: registers it, renews its Lease every 10 s, writes its status when it has changed and every 5 min
// anyway. One entry in the shared heap a node, its moment drawn at random within the period, so that thousands of nodes
// do not beat together.
// Source: kubernetes pkg/kubelet/kubelet_node_status.go, component-helpers apimachinery/lease/controller.go.
import type { KubeObject } from "../../../api/meta.js";
import { isStatus } from "../../../api/status.js";
import type { Prng } from "../../../base/prng.js";
import type { Client } from "../../client/client.js";
import { LEASES, NODES } from "../../client/resources.js";
import type { DueEntry, DueTimes } from "../due-times.js";

const LEASE_NAMESPACE = "kube-node-lease";

const LEASE_SECONDS = 40;
const RENEW_MS = 10_000;
/** Nodes whose moments lie this close together share one timer. */
const GRAIN_MS = 50;
/** How often an unchanged status is written. */
const STATUS_REPORT_MS = 300_000;
const RETRY_MS = 1000;

export interface HeartbeatHost {
  readonly name: string;
  readonly client: Client;
  readonly due: DueTimes;
  readonly prng: Prng;
  /** ms since 1970 */
  wallMs(): number;
  /** As to be registered. */
  nodeObject(): KubeObject;
  /** What is to be merged into the Node's status now. */
  statusPatch(): object;
  /** The API server has it like this. */
  onNode(node: KubeObject): void;
}

interface Lease extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
}

export class Heartbeat {
  readonly #host: HeartbeatHost;
  #lease: Lease | null = null;
  #node: KubeObject | null = null;
  #entry: DueEntry | null = null;
  /** When the last beat was due, monotonic. */
  #plannedMs = 0;
  #isStopped = true;
  #isStatusDirty = false;
  #nextReportMs = 0;

  constructor(host: HeartbeatHost) {
    this.#host = host;
  }

  /** Resolves when the node is registered and has its Lease. Tries until it works, or `stop` is called. */
  async start(): Promise<void> {
    this.#isStopped = false;
    while (!this.#isStopped) {
      try {
        await this.#register();
        await this.#renew();
        break;
      } catch {
        await this.#host.due.wait(RETRY_MS);
      }
    }
    this.#schedule(this.#host.due.now() + this.#host.prng.below(RENEW_MS));
  }

  /** The node goes silent: what it said last stands until others find out. */
  stop(): void {
    this.#isStopped = true;
    this.#host.due.cancel(this.#entry);
  }

  /** Begins again after `stop`, with a fresh status. */
  resume(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#isStatusDirty = true;
    this.#schedule(this.#host.due.now());
  }

  /** Something that the status says is different now: written with the next beat. */
  statusChanged(): void {
    this.#isStatusDirty = true;
  }

  async #register(): Promise<void> {
    const { client, name } = this.#host;
    const nodes = client.resource(NODES, null);
    try {
      this.#node = await nodes.create(this.#host.nodeObject());
      if (hasConditions(this.#node)) this.#reported();
      else await this.#writeStatus(this.#host.nodeObject());
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) throw error;
      this.#node = await nodes.get(name);
      await this.#writeStatus(this.#host.nodeObject());
    }
    this.#host.onNode(this.#node);
  }

  async #writeStatus(object: object): Promise<void> {
    const { status } = object as { status?: object };
    const node = await this.#host.client
      .resource(NODES, null)
      .patch(this.#host.name, "strategic", { status }, { subresource: "status" });
    this.#node = node;
    this.#host.onNode(node);
    this.#reported();
  }

  #reported(): void {
    this.#isStatusDirty = false;
    this.#nextReportMs = this.#host.due.now() + STATUS_REPORT_MS * (1 - 0.5 * this.#host.prng.unit());
  }

  /** @param atMs rounded up to the grain */
  #schedule(atMs: number): void {
    if (this.#isStopped) return;
    this.#plannedMs = Math.ceil(atMs / GRAIN_MS) * GRAIN_MS;
    this.#host.due.cancel(this.#entry);
    this.#entry = this.#host.due.at(this.#plannedMs, () => {
      void this.#beat();
    });
  }

  async #beat(): Promise<void> {
    const beganAtMs = this.#host.due.now();
    try {
      await this.#renew();
      if (this.#isStatusDirty || beganAtMs >= this.#nextReportMs)
        await this.#writeStatus({ status: this.#host.statusPatch() });
    } catch {
      // Tried again with the next beat; leases outlast four of them.
      this.#lease = null;
    }
    // From the moment that was planned, not the one that came of it: after a stall nodes are as spread as before it.
    // 4% of jitter keep nodes apart that were once drawn together.
    let nextMs = this.#plannedMs;
    while (nextMs <= this.#host.due.now()) nextMs += RENEW_MS * (1 + 0.04 * this.#host.prng.unit());
    this.#schedule(nextMs);
  }

  async #renew(): Promise<void> {
    const leases = this.#host.client.resource<Lease>(LEASES, LEASE_NAMESPACE);
    for (let tries = 0; ; tries++) {
      try {
        const lease = this.#lease ?? (await this.#findLease());
        this.#lease =
          lease === null
            ? await leases.create(this.#renewed(null))
            : await leases.update(this.#renewed(lease));
        return;
      } catch (error) {
        this.#lease = null;
        const isRaced = isStatus(error, "Conflict") || isStatus(error, "AlreadyExists");
        if (!isRaced || tries >= 5) throw error;
      }
    }
  }

  /** A node that has just been made has none. */
  async #findLease(): Promise<Lease | null> {
    try {
      return await this.#host.client.resource<Lease>(LEASES, LEASE_NAMESPACE).get(this.#host.name);
    } catch (error) {
      if (isStatus(error, "NotFound")) return null;
      throw error;
    }
  }

  #renewed(lease: Lease | null): object {
    const { name } = this.#host;
    const renewTime = `${new Date(this.#host.wallMs()).toISOString().slice(0, -1)}000Z`;
    const spec = { ...lease?.spec, holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime };
    if (lease !== null) return { ...lease, spec };
    const uid = this.#node?.metadata.uid;
    return {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: {
        name,
        namespace: LEASE_NAMESPACE,
        ...(uid === undefined ? {} : { ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid }] }),
      },
      spec,
    };
  }
}

function hasConditions(node: KubeObject): boolean {
  const { status } = node as { status?: { conditions?: readonly unknown[] } };
  return (status?.conditions?.length ?? 0) > 0;
}
