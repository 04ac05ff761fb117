// From answers to HTTP.
import type { ServerResponse } from "node:http";
import type { ApiResponse } from "../../protocol/api-request.js";
import { textOf } from "../storage/object-text.js";
import type { Outgoing } from "./outgoing.js";
import { streamWatch } from "./watch-writer.js";

export async function writeResponse(
  response: ApiResponse,
  outgoing: Outgoing,
  isHead: boolean,
  moreHeaders?: Readonly<Record<string, string>>,
): Promise<void> {
  switch (response.kind) {
    case "object":
      return writeWhole(outgoing, {
        code: response.code,
        contentType: response.contentType ?? "application/json",
        headers: response.headers,
        text: textOf(response.object),
        moreHeaders,
        isHead,
      });
    case "text":
      return writeWhole(outgoing, {
        code: response.code,
        contentType: response.contentType,
        headers: response.headers,
        text: response.text,
        moreHeaders,
        isHead,
      });
    case "watch":
      return streamWatch(response, outgoing, moreHeaders);
    case "stream":
      return writeChunks(response, outgoing);
  }
}

interface Whole {
  readonly code: number;
  readonly contentType: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly moreHeaders: Readonly<Record<string, string>> | undefined;
  readonly isHead: boolean;
}

function writeWhole(
  outgoing: Outgoing,
  { code, contentType, text, headers, moreHeaders, isHead }: Whole,
): void {
  const outgoingHttp = outgoing as ServerResponse;
  const bytes = Buffer.byteLength(text);
  outgoingHttp.writeHead(code, {
    "content-type": contentType,
    "content-length": bytes,
    "cache-control": "no-cache, private",
    ...moreHeaders,
    ...headers,
  });
  if (isHead) outgoingHttp.end();
  // A string goes out together with the headers, in one write; one of ASCII is copied rather than encoded.
  else outgoingHttp.end(text, bytes === text.length ? "latin1" : "utf8");
}

async function writeChunks(
  response: Extract<ApiResponse, { kind: "stream" }>,
  outgoing: Outgoing,
): Promise<void> {
  const out = outgoing as ServerResponse;
  out.writeHead(200, { "content-type": response.contentType, "cache-control": "no-cache, private" });
  out.flushHeaders?.();
  for await (const chunk of response.chunks) {
    if (out.destroyed || out.writableEnded) return;
    if (!out.write(chunk)) await drained(out);
  }
  out.end();
}

function drained(out: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      out.off("drain", done);
      out.off("close", done);
      resolve();
    };
    out.on("drain", done);
    out.on("close", done);
  });
}
