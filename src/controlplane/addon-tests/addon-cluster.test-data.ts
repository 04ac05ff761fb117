// Addons on the real API server over the memory store, with time that tests let pass.
import { spawn } from "node:child_process";
import type { KubeObject } from "../../api/meta.js";
import { Prng } from "../../base/prng.js";
import { ManualTimers } from "../../base/timers.js";
import { LOOPBACK_ADMIN } from "../apiserver/access.js";
import { type ApiServer, createApiServer } from "../apiserver/api-server.js";
import type { ExtraGroup } from "../apiserver/extra-group.js";
import type { Client } from "../client/client.js";
import { inProcessClient } from "../client/in-process-client.js";
import { InformerFactory } from "../client/informer-factory.js";
import { clientOf, type Resource } from "../client/resources.js";
import { memoryStore } from "../store/embedded-store.js";

export interface AddonCluster {
  readonly timers: ManualTimers;
  readonly server: ApiServer;
  readonly client: Client;
  readonly informers: InformerFactory;
  create<Kind extends KubeObject>(resource: Resource<Kind>, object: NewObject): Promise<Kind>;
  setStatus<Kind extends KubeObject>(
    resource: Resource<Kind>,
    object: KubeObject,
    status: object,
  ): Promise<Kind>;
  /** What was written has reached the informers, and what they caused the server. */
  settle(): Promise<void>;
  stop(): void;
}

export type NewObject = {
  readonly metadata: { readonly name: string; readonly namespace?: string };
} & object;

/** With the namespaces "default" and "kube-system". */
export async function addonCluster(extraGroups: readonly ExtraGroup[] = []): Promise<AddonCluster> {
  const timers = new ManualTimers();
  let uids = 0;
  const server = await createApiServer({
    store: memoryStore({ timers }),
    timers,
    prng: new Prng(1),
    newUid: () => `uid-${++uids}`,
    extraGroups,
  });
  const client = inProcessClient(server, LOOPBACK_ADMIN);
  const informers = new InformerFactory({ client, timers, prng: new Prng(2) });
  const of = <Kind extends KubeObject>(resource: Resource<Kind>, { metadata }: NewObject) =>
    clientOf(client, resource, metadata.namespace ?? null);
  for (const name of ["default", "kube-system"])
    await client
      .resource({ group: "", version: "v1", resource: "namespaces" }, null)
      .create({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  return {
    timers,
    server,
    client,
    informers,
    create: (resource, object) => of(resource, object).create(object),
    setStatus: (resource, object, status) =>
      of(resource, object).patch(object.metadata.name, "merge", { status }, { subresource: "status" }),
    settle: async () => {
      for (let round = 0; round < 5; round++) await timers.advance(1);
    },
    stop: () => {
      informers.stop();
      server.close();
    },
  };
}

export function nodeObject(name: string, labels: Readonly<Record<string, string>> = {}) {
  return { apiVersion: "v1", kind: "Node", metadata: { name, labels } };
}

export function podObject(
  name: string,
  {
    nodeName,
    labels = {},
  }: { readonly nodeName?: string; readonly labels?: Readonly<Record<string, string>> },
) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", labels },
    spec: {
      containers: [{ name: "main", image: "web:1" }],
      ...(nodeName === undefined ? {} : { nodeName }),
    },
  };
}

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program to its end; null when it is not installed. */
export function run(program: string, args: readonly string[]): Promise<Ended | null> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", () => resolve(null));
    child.on("close", (code) => resolve({ code, output }));
  });
}
