// Small pages of a part of the plane over plain HTTP: a kube-proxy's health, the name server's metrics.
import { createServer } from "node:http";

export interface Page {
  readonly code: number;
  readonly contentType: string;
  readonly text: string;
}

export interface PageListener {
  readonly port: number;
  close(): Promise<void>;
}

const NOT_FOUND: Page = {
  code: 404,
  contentType: "text/plain; charset=utf-8",
  text: "404 page not found\n",
};

/**
 * @param pageOf of a path without its query; null: there is no such page
 * @param place port 0: any that is free
 * @throws as net.Server.listen: EADDRINUSE and others
 */
export async function servePages(
  pageOf: (path: string) => Page | null,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<PageListener> {
  const server = createServer(({ url = "/" }, response) => {
    const { code, contentType, text } = pageOf(url.replace(/\?.*/s, "")) ?? NOT_FOUND;
    response.writeHead(code, { "Content-Type": contentType, "X-Content-Type-Options": "nosniff" }).end(text);
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
