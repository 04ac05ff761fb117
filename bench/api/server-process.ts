// The process that is measured: an API server in memory with everything that a cluster's has (authentication by token,
// RBAC, admission, defaults, validation), or an HTTP server that does nothing but answer. Tells its parent its port, and what
// processor time it has used when it is asked.
// usage: node dist/bench/api/server-process.js api|empty TOKEN
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Prng } from "../../src/base/prng.js";
import { realTimers } from "../../src/base/timers.js";
import { LOOPBACK_ADMIN } from "../../src/controlplane/apiserver/access.js";
import { createApiServer } from "../../src/controlplane/apiserver/api-server.js";
import { serveHttp } from "../../src/controlplane/apiserver/http/serve-http.js";
import { DEFAULT_NODE_PORTS, standardAccess } from "../../src/controlplane/apiserver/standard-access.js";
import { writeBootstrapObjects } from "../../src/controlplane/bootstrap-objects.js";
import { inProcessClient } from "../../src/controlplane/client/in-process-client.js";
import { DEFAULT_SERVICE_RANGE } from "../../src/controlplane/plane-options.js";
import { memoryStore } from "../../src/controlplane/store/embedded-store.js";

async function startApi(token: string): Promise<number> {
  const prng = new Prng(1);
  const access = {
    timers: realTimers,
    prng: prng.fork("access"),
    newId: randomUUID,
    tokenKey: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
    issuer: "https://kubernetes.default.svc.cluster.local",
    tokenFile: `${token},loader,1,"system:masters"`,
    serviceRanges: [DEFAULT_SERVICE_RANGE],
    nodePorts: DEFAULT_NODE_PORTS,
  };
  const server = await createApiServer({
    store: memoryStore({ timers: realTimers }),
    timers: realTimers,
    prng,
    newUid: randomUUID,
    accessOver: (objects) => standardAccess(objects, access),
  });
  const client = inProcessClient(server, LOOPBACK_ADMIN);
  await writeBootstrapObjects(client, DEFAULT_SERVICE_RANGE);
  const accounts = { group: "", version: "v1", resource: "serviceaccounts" };
  await client.resource(accounts, "default").create({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "default", namespace: "default" },
  });
  return (await serveHttp(server, { host: "127.0.0.1", port: 0 })).port;
}

/** Answers "{}" to everything; sends a POST's body on to those that watch, as one line. */
function startEmpty(): Promise<number> {
  const watchers = new Set<ServerResponse>();
  const server = createServer({ keepAliveTimeout: 90_000 }, (incoming, outgoing) => {
    if (incoming.url?.includes("watch=") === true) {
      outgoing.writeHead(200, { "content-type": "application/json" });
      outgoing.flushHeaders();
      watchers.add(outgoing);
      outgoing.on("close", () => watchers.delete(outgoing));
      return;
    }
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      outgoing.writeHead(200, { "content-type": "application/json", "content-length": 2 });
      outgoing.end("{}");
      if (watchers.size === 0) return;
      const line = Buffer.concat([...chunks, Buffer.from("\n")]);
      for (const watcher of watchers) watcher.write(line);
    });
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)),
  );
}

const [kind, token = ""] = process.argv.slice(2);
process.on("disconnect", () => process.exit(0));
process.on("message", () => process.send?.(process.cpuUsage()));
process.send?.({ port: kind === "empty" ? await startEmpty() : await startApi(token) });
