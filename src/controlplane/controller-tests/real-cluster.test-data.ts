// Controllers on the real API server over the memory store, with time that tests let pass.
import type { KubeObject } from "../../api/meta.js";
import { Prng } from "../../base/prng.js";
import { ManualTimers } from "../../base/timers.js";
import { LOOPBACK_ADMIN } from "../apiserver/access.js";
import { type ApiServer, createApiServer } from "../apiserver/api-server.js";
import type { Client, ResourceClient } from "../client/client.js";
import { inProcessClient } from "../client/in-process-client.js";
import { clientOf, EVENTS, type Resource } from "../client/resources.js";
import type { Controller } from "../controllers/harness/controller.js";
import { ControllerManager } from "../controllers/harness/controller-manager.js";
import { openStore } from "../store/open-store.js";

export interface RealCluster {
  readonly timers: ManualTimers;
  readonly client: Client;
  readonly manager: ControllerManager;
  readonly errors: string[];
  /** Of the namespace "default"; null: of the cluster or all. */
  of<Kind extends KubeObject>(resource: Resource<Kind>, namespace?: string | null): ResourceClient<Kind>;
  /** All there are. */
  all<Kind extends KubeObject>(resource: Resource<Kind>): Promise<readonly Kind[]>;
  /** Merges into the status. */
  setStatus<Kind extends KubeObject>(
    resource: Resource<Kind>,
    object: KubeObject,
    status: object,
  ): Promise<Kind>;
  /** "Normal Reason message", in order. */
  events(): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startRealCluster(
  controllers: readonly Controller[],
  enabled: readonly string[] = ["*"],
): Promise<RealCluster> {
  const timers = new ManualTimers();
  const { server, client } = await bareServer(timers);
  const errors: string[] = [];
  const manager = new ControllerManager({
    client,
    controllers,
    enabled,
    timers,
    prng: new Prng(7),
    onError: (where, error) => errors.push(`${where}: ${error.message}`),
  });
  for (const name of ["default", "kube-system"]) await createNamespace(client, name);
  const started = manager.start();
  await timers.advance(0);
  await started;
  const of: RealCluster["of"] = (resource, namespace = "default") => clientOf(client, resource, namespace);
  return {
    timers,
    client,
    manager,
    errors,
    of,
    all: async (resource) => (await of(resource, null).list()).items,
    setStatus: (resource, { metadata }, status) =>
      of(resource, metadata.namespace ?? null).patch(
        metadata.name,
        "merge",
        { status },
        { subresource: "status" },
      ),
    events: async () =>
      (await of(EVENTS, null).list()).items.map(
        ({ type, reason, message }) => `${type} ${reason} ${message}`,
      ),
    stop: async () => {
      const stopped = manager.stop();
      await timers.advance(0);
      await stopped;
      server.close();
    },
  };
}

async function bareServer(timers: ManualTimers): Promise<{ server: ApiServer; client: Client }> {
  let uids = 0;
  const server = await createApiServer({
    store: await openStore("memory", { timers }),
    timers,
    prng: new Prng(1),
    newUid: () => `uid-${++uids}`,
  });
  return { server, client: inProcessClient(server, LOOPBACK_ADMIN) };
}

export async function createNamespace(client: Client, name: string): Promise<KubeObject> {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  return client.resource({ group: "", version: "v1", resource: "namespaces" }, null).create(namespace);
}

/** A Pod with one container, of these labels. */
export function podObject(name: string, more: { metadata?: object; spec?: object } = {}): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...more.metadata },
    spec: { containers: [{ name: "main", image: "web:1" }], ...more.spec },
  };
}

export function nodeObject(name: string, labels: Record<string, string> = {}): object {
  return { apiVersion: "v1", kind: "Node", metadata: { name, labels }, spec: {} };
}

export function readyStatus(ip: string, since = "2026-01-01T00:00:00Z"): object {
  return {
    phase: "Running",
    podIP: ip,
    podIPs: [{ ip }],
    conditions: [{ type: "Ready", status: "True", lastTransitionTime: since }],
  };
}
