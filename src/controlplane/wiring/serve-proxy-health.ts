// The port on which a kube-proxy is asked for its health: 10256 of every node upstream, of loopback here.
import type { HealthAnswer, HealthPath } from "./proxy-health.js";
import { type PageListener, servePages } from "./serve-loopback.js";

/** @throws as net.Server.listen: EADDRINUSE and others */
export function serveProxyHealth(
  answer: (path: HealthPath) => HealthAnswer,
  place: { readonly host: string; readonly port: number },
): Promise<PageListener> {
  return servePages((path) => {
    if (path !== "/healthz" && path !== "/livez") return null;
    const { code, body } = answer(path);
    return { code, contentType: "application/json", text: JSON.stringify(body) };
  }, place);
}
