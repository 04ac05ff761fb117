// How a process that takes a scheduling sample really waits, and really asks extenders: a timer and HTTP.
import { setTimeout as wait } from "node:timers/promises";
import type { ExtenderReply, ExtenderRequest } from "../../scheduler/extender/extender.js";

/** What a sample is handed to wait and to ask extenders with. */
export interface SchedulingWaits {
  readonly sleep: (ms: number) => Promise<void>;
  readonly callExtender: (request: ExtenderRequest) => Promise<ExtenderReply>;
}

export const realWaits: SchedulingWaits = {
  sleep: async (ms) => {
    await wait(ms);
  },
  callExtender,
};

async function callExtender({ extender, verb, body }: ExtenderRequest): Promise<ExtenderReply> {
  const url = `${extender.urlPrefix.replace(/\/$/, "")}/${verb}`;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(Math.ceil(extender.httpTimeoutNs / 1e6)),
    });
    if (!response.ok) return { ok: false, error: `${url} answered ${response.status}` };
    return { ok: true, value: await response.json() };
  } catch (error) {
    return { ok: false, error: `${url}: ${error instanceof Error ? error.message : String(error)}` };
  }
}
