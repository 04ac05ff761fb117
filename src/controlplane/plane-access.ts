// How a plane is reached from outside its process: HTTPS on loopback with a certificate authority of its own, a kubeconfig
// that only its owner can read, an audit log, and on request the store as etcd's gRPC.
// A plane whose store is a folder keeps its authority there, so that yesterday's kubeconfig still works.
import { appendFileSync } from "node:fs";
import type { KeyObject } from "node:crypto";
import { join, resolve } from "node:path";
import type { Timers } from "../base/timers.js";
import { DnsServer } from "./addons/dns/dns-server.js";
import { LOOPBACK_ADMIN } from "./apiserver/access.js";
import type { ApiServerOptions } from "./apiserver/api-server.js";
import type { CertificateAuthority } from "./apiserver/auth/certificate-authority.js";
import { clientCertificateUser } from "./apiserver/auth/client-certificate.js";
import { openCredentials } from "./apiserver/auth/credentials.js";
import { writeKubeconfig } from "./apiserver/auth/kubeconfig.js";
import { type HttpListener, serveHttp } from "./apiserver/http/serve-http.js";
import type { Plane } from "./plane.js";
import { serveEtcd } from "./store/etcd/serve-etcd.js";

const LOOPBACK = "127.0.0.1";
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
  /** As PlaneOptions.store: tells where keys are kept. */
  readonly store: string;
}

export interface Served {
  readonly url: string;
  readonly plainUrl: string | null;
  readonly dnsPort: number | null;
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
  const { authority, tokenKey } = openCredentials(timers, keyFolder(options.store));
  const opened: { close(): Promise<void> }[] = [];
  return {
    kubeconfigPath,
    authority,
    tokenKey,
    serverOptions:
      auditLogPath === null
        ? {}
        : { auditLog: (line) => appendFileSync(auditLogPath, `${line}\n`, { mode: OWNER_ONLY }) },
    async serve({ server, store, informers }) {
      const secure = await serveHttp(server, {
        host: LOOPBACK,
        port: options.port,
        tls: { ...authority.server(), clientCa: authority.cert },
        userOf: clientCertificateUser(authority),
      });
      opened.push(secure);
      let plain: HttpListener | null = null;
      if (options.plainPort !== null) {
        const userOf = () => LOOPBACK_ADMIN;
        plain = await serveHttp(server, { host: LOOPBACK, port: options.plainPort, userOf });
        opened.push(plain);
      }
      if (options.etcdPort !== null)
        opened.push(await serveEtcd(store, { host: LOOPBACK, port: options.etcdPort, timers }));
      let dns: DnsServer | null = null;
      if (options.dnsPort !== null) {
        dns = await DnsServer.start({ informers, timers, address: LOOPBACK, port: options.dnsPort });
        const started = dns;
        opened.push({ close: () => started.stop() });
      }
      writeKubeconfig({
        path: kubeconfigPath,
        server: secure.url,
        ca: authority.cert,
        cluster: "plumb",
        user: ADMIN.user,
        credentials: { by: "certificate", ...authority.client(ADMIN.user, [ADMIN.group]) },
      });
      return { url: secure.url, plainUrl: plain?.url ?? null, dnsPort: dns?.port ?? null };
    },
    async close() {
      await Promise.all(opened.map((each) => each.close()));
    },
  };
}

/** Where this plane's keys are kept; null: it keeps none. */
function keyFolder(store: string): string | null {
  return store.startsWith("file:") ? join(resolve(store.slice("file:".length)), "pki") : null;
}
