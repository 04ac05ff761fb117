// Watch events as lines of JSON. A line is made once for all watchers that get the event; lines of one turn of the event
// loop go out in one write. A watcher that does not read is dropped rather than buffered without end.
// Cost per event and watcher: a Map lookup, and a share of a write.
import type { ServerResponse } from "node:http";
import type { ApiResponse, ApiWatchEvent } from "../../protocol/api-request.js";
import { textOf } from "../storage/object-text.js";
import type { Outgoing } from "./outgoing.js";

/** What a watcher may lag behind: then it has to begin anew. */
const BUFFERED_BYTES_MAX = 8 * 1024 * 1024;

const LINES = new WeakMap<ApiWatchEvent, Buffer>();

function lineOf(event: ApiWatchEvent): Buffer {
  let line = LINES.get(event);
  if (line === undefined) {
    line = Buffer.from(`{"type":"${event.type}","object":${textOf(event.object)}}\n`);
    LINES.set(event, line);
  }
  return line;
}

export function streamWatch(
  response: Extract<ApiResponse, { kind: "watch" }>,
  outgoing: Outgoing,
  moreHeaders?: Readonly<Record<string, string>>,
): Promise<void> {
  const out = outgoing as ServerResponse;
  out.writeHead(200, {
    "content-type": response.contentType,
    "cache-control": "no-cache, private",
    ...moreHeaders,
  });
  // Clients wait for the headers before they do anything else, and there may be no event for long.
  out.flushHeaders?.();
  return new Promise((resolve) => {
    const writer = new WatchWriter(out);
    out.on("close", resolve);
    response.start({ event: (event) => writer.event(event), end: () => writer.end() });
  });
}

class WatchWriter {
  readonly #out: ServerResponse;
  #lines: Buffer[] = [];
  #isOver = false;

  constructor(out: ServerResponse) {
    this.#out = out;
  }

  event(event: ApiWatchEvent): void {
    if (this.#isOver) return;
    if (this.#lines.push(lineOf(event)) === 1) setImmediate(() => this.#flush());
  }

  end(): void {
    if (this.#isOver) return;
    this.#flush();
    this.#isOver = true;
    this.#out.end();
  }

  #flush(): void {
    const lines = this.#lines;
    if (this.#isOver || lines.length === 0) return;
    this.#lines = [];
    this.#out.write(lines.length === 1 ? (lines[0] as Buffer) : Buffer.concat(lines));
    if (this.#out.writableLength <= BUFFERED_BYTES_MAX) return;
    this.#isOver = true;
    this.#out.destroy();
  }
}
