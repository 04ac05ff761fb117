// port-forward over SPDY: for each connection the client opens two streams of one requestID, one for what went wrong and
// one for the bytes.
// Source: client-go tools/portforward/portforward.go; kubelet pkg/kubelet/streaming/portforward/httpstream.go.
import type { ConnectionStreams } from "../../protocol/node-streams.js";
import { type SpdyStream, SpdySession, type SpdyTransport } from "./spdy-session.js";

export type ForwardPort = (port: number, connection: ConnectionStreams) => Promise<void>;

interface Pair {
  data: SpdyStream | null;
  error: SpdyStream | null;
}

export function forwardPortsOverSpdy(
  transport: SpdyTransport,
  forward: ForwardPort,
  signal: AbortSignal,
): SpdySession {
  const pairs = new Map<string, Pair>();
  return new SpdySession(transport, (stream) => {
    const port = Number(stream.headers.get("port"));
    const type = stream.headers.get("streamtype");
    if (!Number.isInteger(port) || port < 1 || port > 65_535 || (type !== "data" && type !== "error")) {
      stream.reset();
      return;
    }
    const id = stream.headers.get("requestid") ?? String(stream.id);
    const pair = pairs.get(id) ?? { data: null, error: null };
    pairs.set(id, pair);
    pair[type] = stream;
    if (pair.data === null || pair.error === null) return;
    pairs.delete(id);
    void forwardOne(pair.data, pair.error, port, forward, signal);
  });
}

async function forwardOne(
  data: SpdyStream,
  error: SpdyStream,
  port: number,
  forward: ForwardPort,
  signal: AbortSignal,
): Promise<void> {
  try {
    await forward(port, { received: data.received, send: (chunk) => data.send(chunk), signal });
  } catch (failure) {
    const why = failure instanceof Error ? failure.message : String(failure);
    error.send(Buffer.from(`error forwarding port ${port}: ${why}`));
  }
  data.end();
  error.end();
}
