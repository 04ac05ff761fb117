// How a plane is reached from outside its process: HTTP on loopback for kubectl, etcd's gRPC for etcdctl, a kubeconfig that
// only its owner can read, an audit log.
import { appendFileSync, writeFileSync } from "node:fs";
import type { ApiServerOptions } from "./apiserver/api-server.js";
import { type HttpListener, serveHttp } from "./apiserver/http/serve-http.js";
import type { Plane } from "./plane.js";

const LOOPBACK = "127.0.0.1";
const OWNER_ONLY = 0o600;

export interface AccessOptions {
  /** 0: any that is free. */
  readonly port: number;
  readonly kubeconfigPath: string;
  readonly auditLogPath: string | null;
}

export interface PlaneAccess {
  readonly kubeconfigPath: string;
  /** What the server must be made with. */
  readonly serverOptions: Pick<ApiServerOptions, "auditLog">;
  serve(plane: Plane): Promise<{ readonly url: string }>;
  close(): Promise<void>;
}

export async function openAccess(options: AccessOptions): Promise<PlaneAccess> {
  const { kubeconfigPath, auditLogPath } = options;
  let listener: HttpListener | null = null;
  return {
    kubeconfigPath,
    serverOptions:
      auditLogPath === null
        ? {}
        : { auditLog: (line) => appendFileSync(auditLogPath, `${line}\n`, { mode: OWNER_ONLY }) },
    async serve(plane) {
      listener = await serveHttp(plane.server, { host: LOOPBACK, port: options.port });
      writeFileSync(kubeconfigPath, kubeconfig(listener.url), { mode: OWNER_ONLY });
      return { url: listener.url };
    },
    async close() {
      await listener?.close();
    },
  };
}

function kubeconfig(server: string): string {
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "plumb", cluster: { server } }],
      users: [{ name: "admin", user: {} }],
      contexts: [{ name: "plumb", context: { cluster: "plumb", user: "admin" } }],
      "current-context": "plumb",
    },
    null,
    2,
  )}\n`;
}
