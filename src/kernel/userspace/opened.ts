// Waiting for a server or socket to have its port.
import type { EventEmitter } from "node:events";
import { once } from "node:events";

/** @throws what the emitter reports as its error, when it cannot listen */
export async function opened(emitter: EventEmitter, listen: () => void): Promise<void> {
  const listening = once(emitter, "listening");
  listen();
  await listening;
}
