// The port on which a kube-proxy is asked for its health: 10256 of every node upstream, of loopback here.
import { createServer, type ServerResponse } from "node:http";
import type { HealthAnswer, HealthPath } from "./proxy-health.js";

export interface ProxyHealthListener {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * @param port 0: any that is free
 * @throws as net.Server.listen: EADDRINUSE and others
 */
export async function serveProxyHealth(
  answer: (path: HealthPath) => HealthAnswer,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<ProxyHealthListener> {
  const server = createServer(({ url = "/" }, response) => {
    const path = url.split("?", 1)[0];
    if (path === "/healthz" || path === "/livez") write(response, answer(path));
    else response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" }).end("404 page not found\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function write(response: ServerResponse, { code, body }: HealthAnswer): void {
  response.writeHead(code, { "Content-Type": "application/json", "X-Content-Type-Options": "nosniff" });
  response.end(JSON.stringify(body));
}
