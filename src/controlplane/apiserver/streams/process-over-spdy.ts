// exec and attach over SPDY, for kubectl up to 1.29: one stream for each of error, stdin, stdout, stderr and resize.
// Source: client-go tools/remotecommand/v4.go; kubelet pkg/kubelet/streaming/remotecommand/httpstream.go.
import type { ProcessStreams } from "../../protocol/node-streams.js";
import { outcomeOf } from "./channel-socket.js";
import type { ProcessOptions } from "./stream-requests.js";
import { type SpdyStream, SpdySession, type SpdyTransport } from "./spdy-session.js";

export function runOverSpdy(
  transport: SpdyTransport,
  options: ProcessOptions,
  run: (streams: ProcessStreams) => Promise<number>,
  signal: AbortSignal,
): SpdySession {
  const wanted = [
    "error",
    ...(options.hasStdin ? ["stdin"] : []),
    ...(options.hasStdout ? ["stdout"] : []),
    ...(options.hasStderr && !options.isTty ? ["stderr"] : []),
    ...(options.isTty ? ["resize"] : []),
  ];
  const streams = new Map<string, SpdyStream>();
  const session: SpdySession = new SpdySession(transport, (stream) => {
    streams.set(stream.headers.get("streamtype") ?? "", stream);
    if (streams.size === wanted.length && wanted.every((each) => streams.has(each))) void start();
  });
  const start = async () => {
    const status = await outcomeOf(
      run({
        stdin: streams.get("stdin")?.received ?? null,
        stdout: (chunk) => streams.get("stdout")?.send(chunk),
        stderr: (chunk) => streams.get("stderr")?.send(chunk),
        signal,
      }),
    );
    streams.get("stdout")?.end();
    streams.get("stderr")?.end();
    streams.get("error")?.send(Buffer.from(JSON.stringify(status)));
    streams.get("error")?.end();
  };
  return session;
}
