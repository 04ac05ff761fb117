// How a plane is reached from outside its process: HTTPS on loopback with a certificate authority of its own, a kubeconfig
// that only its owner can read, an audit log, and on request the store as etcd's gRPC.
// A plane whose store is a folder keeps its authority there, so that yesterday's kubeconfig still works.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createPrivateKey, type KeyObject } from "node:crypto";
import { join, resolve } from "node:path";
import type { Timers } from "../base/timers.js";
import { LOOPBACK_ADMIN } from "./apiserver/access.js";
import type { ApiServerOptions } from "./apiserver/api-server.js";
import { CertificateAuthority, type KeyAndCertificate } from "./apiserver/auth/certificate-authority.js";
import { clientCertificateUser } from "./apiserver/auth/client-certificate.js";
import { writeKubeconfig, writePrivateFile } from "./apiserver/auth/kubeconfig.js";
import { type HttpListener, serveHttp } from "./apiserver/http/serve-http.js";
import type { Plane } from "./plane.js";
import { newTokenKey } from "./plane-options.js";
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
  /** As PlaneOptions.store: tells where keys are kept. */
  readonly store: string;
}

export interface PlaneAccess {
  readonly kubeconfigPath: string;
  readonly authority: CertificateAuthority;
  readonly tokenKey: KeyObject;
  /** What the server must be made with. */
  readonly serverOptions: Pick<ApiServerOptions, "auditLog">;
  /** Opens the ports and writes the kubeconfig. */
  serve(plane: Plane): Promise<{ readonly url: string; readonly plainUrl: string | null }>;
  close(): Promise<void>;
}

export function openAccess(options: AccessOptions): PlaneAccess {
  const { kubeconfigPath, auditLogPath, timers } = options;
  const authority = authorityOf(options);
  const opened: { close(): Promise<void> }[] = [];
  return {
    kubeconfigPath,
    authority,
    tokenKey: tokenKeyOf(options),
    serverOptions:
      auditLogPath === null
        ? {}
        : { auditLog: (line) => appendFileSync(auditLogPath, `${line}\n`, { mode: OWNER_ONLY }) },
    async serve({ server, store }) {
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
      writeKubeconfig({
        path: kubeconfigPath,
        server: secure.url,
        ca: authority.cert,
        cluster: "plumb",
        user: ADMIN.user,
        credentials: { by: "certificate", ...authority.client(ADMIN.user, [ADMIN.group]) },
      });
      return { url: secure.url, plainUrl: plain?.url ?? null };
    },
    async close() {
      await Promise.all(opened.map((each) => each.close()));
    },
  };
}

/** Where this plane's keys are kept; null: it keeps none. */
function keyPath({ store }: AccessOptions, name: string): string | null {
  return store.startsWith("file:") ? join(resolve(store.slice("file:".length)), "pki", name) : null;
}

function tokenKeyOf(options: AccessOptions): KeyObject {
  const path = keyPath(options, "service-accounts.pem");
  if (path === null) return newTokenKey();
  if (existsSync(path)) return createPrivateKey(readFileSync(path));
  const key = newTokenKey();
  writePrivateFile(path, key.export({ type: "pkcs8", format: "pem" }) as string);
  return key;
}

function authorityOf(options: AccessOptions): CertificateAuthority {
  const { timers } = options;
  const path = keyPath(options, "ca.json");
  if (path === null) return CertificateAuthority.create(timers);
  if (existsSync(path))
    return CertificateAuthority.of(timers, JSON.parse(readFileSync(path, "utf8")) as KeyAndCertificate);
  const authority = CertificateAuthority.create(timers);
  writePrivateFile(path, JSON.stringify(authority.keyAndCertificate));
  return authority;
}
