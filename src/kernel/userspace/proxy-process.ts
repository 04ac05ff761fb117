// The program of the proxy's process: opens what it is told over IPC, tells the CPU time it has used, and ends with the
// process that started it. The real clock is read here.
import { realTimers } from "../../base/timers.js";
import type { ProxyRequests } from "./exchanges.js";
import { UserspaceProxy } from "./userspace-proxy.js";

type Request = { readonly kind: "cpu" } | ({ readonly kind: "open" } & ProxyRequests["open"]["ask"]);

process.on("disconnect", () => process.exit());
process.on("message", (message) => {
  void answer(message as Request).then((reply) => process.send?.(reply));
});

async function answer(request: Request): Promise<object> {
  if (request.kind === "cpu") {
    const { user, system } = process.cpuUsage();
    return { us: user + system } satisfies ProxyRequests["cpu"]["answer"];
  }
  const { listeners, host, udpIdleMs } = request;
  const proxy = await UserspaceProxy.open(listeners, { host, udpIdleMs, timers: realTimers });
  return { ports: proxy.ports } satisfies ProxyRequests["open"]["answer"];
}
