// Many watches of one resource while objects are created: every watcher receives every event, and how fast.
// Over HTTP lines are counted and not parsed: what is measured is the server.
import type { Timers } from "../../base/timers.js";
import type { Client } from "../../controlplane/client/client.js";
import { resourceOf } from "../../controlplane/client/resources.js";
import { reached } from "./bench-plane.js";
import { LineCounter } from "./raw-connection.js";
import { saturated } from "./request-load.js";

export interface FanOut {
  readonly namespace: string;
  readonly watchers: number;
  readonly events: number;
}

export interface FanOutResult {
  readonly perSecond: number;
  readonly received: number;
  /** Watchers that received every event. */
  readonly complete: number;
}

/** Opens one watch from a version on. @returns ends it */
export type OpenWatch = (from: string, onEvents: (count: number) => void) => Promise<() => void>;

const CONFIG_MAPS = resourceOf("", "v1", "configmaps");
const CREATES_IN_FLIGHT = 8;

export async function fanOut(
  client: Client,
  { namespace, watchers, events }: FanOut,
  { open, timers }: { readonly open: OpenWatch; readonly timers: Timers },
): Promise<FanOutResult> {
  const api = client.resource(CONFIG_MAPS, namespace);
  const from = (await api.list({})).metadata.resourceVersion;
  const counts = new Uint32Array(watchers);
  let received = 0;
  let lastMs = 0;
  const openOne = (_: unknown, index: number) =>
    open(from, (count) => {
      counts[index] = (counts[index] as number) + count;
      received += count;
      lastMs = timers.milliseconds();
    });
  const closers = await Promise.all(Array.from({ length: watchers }, openOne));
  const begunMs = timers.milliseconds();
  const run = (index: number) =>
    api.create({ metadata: { name: `event-${index}` }, data: { at: `${index}` } });
  await saturated({ count: events, run }, CREATES_IN_FLIGHT, timers);
  await reached(watchers * events, () => received, "watch events received");
  for (const close of closers) close();
  const complete = counts.reduce((sum, count) => sum + Number(count === events), 0);
  return { perSecond: (received * 1000) / Math.max(lastMs - begunMs, 1e-3), received, complete };
}

export function watchInProcess(client: Client, namespace: string): OpenWatch {
  const api = client.resource(CONFIG_MAPS, namespace);
  return (from, onEvents) =>
    Promise.resolve(api.watch({ resourceVersion: from }, { event: () => onEvents(1), end: () => undefined }));
}

export function watchOverHttp(port: number, namespace: string): OpenWatch {
  return async (from, onEvents) => {
    const path = `/api/v1/namespaces/${namespace}/configmaps?watch=true&resourceVersion=${from}`;
    const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
    const watch = await LineCounter.open(port, request, onEvents);
    return () => watch.close();
  };
}
