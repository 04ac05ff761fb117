// How a plane is reached from outside its process: HTTPS on loopback with a certificate authority of its own, a kubeconfig
// that only its owner can read, an audit log, and on request the store as etcd's gRPC.
// A plane whose store is a folder keeps its authority there, so that yesterday's kubeconfig still works.
import { createWriteStream, fchmodSync, openSync, type WriteStream } from "node:fs";
import type { KeyObject } from "node:crypto";
import { join, resolve } from "node:path";
import { PlumbError } from "../base/errors.js";
import type { Timers } from "../base/timers.js";
import { DnsServer } from "./addons/dns/dns-server.js";
import { LOOPBACK_ADMIN } from "./apiserver/access.js";
import type { ApiServerOptions } from "./apiserver/api-server.js";
import type { CertificateAuthority } from "./apiserver/auth/certificate-authority.js";
import { clientCertificateUser } from "./apiserver/auth/client-certificate.js";
import { openCredentials } from "./apiserver/auth/credentials.js";
import { writeKubeconfig } from "./apiserver/auth/kubeconfig.js";
import { serveHttp } from "./apiserver/http/serve-http.js";
import type { Plane } from "./plane.js";
import { DnsMetrics } from "./wiring/dns-metrics.js";
import { type Page, servePages } from "./wiring/serve-loopback.js";
import { serveProxyHealth } from "./wiring/serve-proxy-health.js";
import { serveEtcd } from "./store/etcd/serve-etcd.js";

const LOOPBACK = "127.0.0.1";
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
const OWNER_ONLY = 0o600;
const ADMIN = { user: "kubernetes-admin", group: "system:masters" };

export interface AccessOptions {
  readonly timers: Timers;
  /** 0: any that is free. */
  readonly port: number;
  /** Of plain HTTP, where everybody on this machine is the administrator; null: none. */
  readonly plainPort: number | null;
  readonly kubeconfigPath: string;
  readonly auditLogPath: string | null;
  readonly etcdPort: number | null;
  /** Of DNS, UDP and TCP; 0: any that is free; null: none. */
  readonly dnsPort: number | null;
  /** Of the first kube-proxy's health, the others' following it; null: none. */
  readonly proxyHealth: ProxyHealthPorts | null;
  /** As PlaneOptions.store: tells where keys are kept. */
  readonly store: string;
}

export interface ProxyHealthPorts {
  /** 0: any that are free. */
  readonly first: number;
  /** Whether a port in use is replaced by any that is free; else it is an error. */
  readonly elseFree: boolean;
}

/** Where nodes answer for their kube-proxy. */
const PROXY_HEALTH_PORT = 10_256;
export const USUAL_PROXY_HEALTH: ProxyHealthPorts = { first: PROXY_HEALTH_PORT, elseFree: true };

export interface Served {
  readonly url: string;
  readonly plainUrl: string | null;
  readonly dnsPort: number | null;
  /** In the order of Plane.proxies. */
  readonly proxyHealth: readonly { readonly node: string; readonly port: number }[];
}

export interface PlaneAccess {
  readonly kubeconfigPath: string;
  readonly authority: CertificateAuthority;
  readonly tokenKey: KeyObject;
  /** What the server must be made with. */
  readonly serverOptions: Pick<ApiServerOptions, "auditLog">;
  /** Opens the ports and writes the kubeconfig. */
  serve(plane: Plane): Promise<Served>;
  close(): Promise<void>;
}

export function openAccess(options: AccessOptions): PlaneAccess {
  const { kubeconfigPath, auditLogPath, timers } = options;
  const folder = keyFolder(options.store);
  const { authority, tokenKey } = withFile("keep keys in", folder, () => openCredentials(timers, folder));
  const audit = auditLogPath === null ? null : auditStream(auditLogPath);
  const opened: Listener[] = [];
  async function listening<Kind extends Listener>(
    what: string,
    port: number,
    listen: (port: number) => Promise<Kind>,
  ): Promise<Kind> {
    const listener = await listen(port).catch((error: NodeJS.ErrnoException) => {
      throw unlistenable(what, port, error);
    });
    opened.push(listener);
    return listener;
  }
  return {
    kubeconfigPath,
    authority,
    tokenKey,
    serverOptions:
      audit === null
        ? {}
        : {
            // What the plane's own parts ask while they stop comes after the end of the log.
            auditLog: (line) => {
              if (!audit.writableEnded) audit.write(`${line}\n`);
            },
          },
    async serve(plane) {
      const { server, store } = plane;
      const { port, plainPort, etcdPort, dnsPort } = options;
      const secure = await listening("the API server", port, (port) =>
        serveHttp(server, {
          host: LOOPBACK,
          port,
          tls: { ...authority.server(), clientCa: authority.cert },
          userOf: clientCertificateUser(authority),
        }),
      );
      const plain =
        plainPort === null
          ? null
          : await listening("plain HTTP", plainPort, (port) =>
              serveHttp(server, { host: LOOPBACK, port, userOf: () => LOOPBACK_ADMIN }),
            );
      if (etcdPort !== null)
        await listening("etcd", etcdPort, (port) => serveEtcd(store, { host: LOOPBACK, port, timers }));
      const dns = dnsPort === null ? null : await serveDns(plane, timers, dnsPort, listening);
      await plane.announce({ address: LOOPBACK, port: secure.port });
      withFile("write kubeconfig", kubeconfigPath, () =>
        writeKubeconfig({
          path: kubeconfigPath,
          server: secure.url,
          ca: authority.cert,
          cluster: "plumb",
          user: ADMIN.user,
          credentials: { by: "certificate", ...authority.client(ADMIN.user, [ADMIN.group]) },
        }),
      );
      const proxyHealth = await serveProxies(plane, options.proxyHealth, listening);
      return { url: secure.url, plainUrl: plain?.url ?? null, dnsPort: dns?.port ?? null, proxyHealth };
    },
    async close() {
      await Promise.all(opened.map((each) => each.close()));
      audit?.end();
    },
  };
}

interface Listener {
  close(): Promise<void>;
}

type Listening = <Kind extends Listener>(
  what: string,
  port: number,
  listen: (port: number) => Promise<Kind>,
) => Promise<Kind>;

async function serveProxies(
  plane: Plane,
  ports: ProxyHealthPorts | null,
  listening: Listening,
): Promise<Served["proxyHealth"]> {
  if (ports === null) return [];
  const { first, elseFree } = ports;
  const serving = plane.proxies.map(async (proxy, index) => {
    const serve = (port: number) =>
      serveProxyHealth((path) => plane.proxyHealth(proxy, path), { host: LOOPBACK, port });
    const elsewhere = (port: number) =>
      serve(port).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "EADDRINUSE") return serve(0);
        throw error;
      });
    const what = `the health of the kube-proxy of ${proxy.node}`;
    const port = first === 0 ? 0 : first + index;
    const listener = await listening(what, port, elseFree ? elsewhere : serve);
    return { node: proxy.node, port: listener.port };
  });
  return Promise.all(serving);
}

/** The name server, its metrics, and the Service that leads to both. */
async function serveDns(plane: Plane, timers: Timers, dnsPort: number, listening: Listening) {
  const { informers } = plane;
  const metrics = new DnsMetrics();
  const { server, port } = await listening("DNS", dnsPort, async (port) => {
    const server = await DnsServer.start({ informers, timers, address: LOOPBACK, port, metrics });
    return { server, port: server.port, close: () => server.stop() };
  });
  const page = (): Page => ({ code: 200, contentType: METRICS_TYPE, text: metrics.expose() });
  const { port: metricsPort } = await listening("metrics of DNS", 0, (port) =>
    servePages((path) => (path === "/metrics" ? page() : null), { host: LOOPBACK, port }),
  );
  await plane.announceDns(server, { address: LOOPBACK, port, metricsPort });
  return { port };
}

const UNLISTENABLE: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use",
  EACCES: "the port is not allowed to this user",
};

function unlistenable(what: string, port: number, error: NodeJS.ErrnoException): Error {
  const why = UNLISTENABLE[error.code ?? ""];
  if (why === undefined) return error;
  return new PlumbError("Usage", `Cannot listen on ${LOOPBACK}:${port} for ${what}: ${why}`, {
    hint: "choose another port; 0 takes any that is free",
  });
}

/** Readable by its owner alone, whoever made it. */
function auditStream(path: string): WriteStream {
  const fd = withFile("write audit log", path, () => {
    const opened = openSync(path, "a", OWNER_ONLY);
    fchmodSync(opened, OWNER_ONLY);
    return opened;
  });
  return createWriteStream(path, { fd });
}

/** Does something with a file that a user has named. @throws {PlumbError} Internal when the system refuses it */
function withFile<Result>(what: string, path: string | null, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new PlumbError("Internal", `Cannot ${what} '${path}': ${(error as Error).message}`, {
      hint: "name a place that may be written",
    });
  }
}

/** Where this plane's keys are kept; null: it keeps none. */
function keyFolder(store: string): string | null {
  return store.startsWith("file:") ? join(resolve(store.slice("file:".length)), "pki") : null;
}
