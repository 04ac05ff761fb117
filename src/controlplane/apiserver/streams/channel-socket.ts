// exec and attach over a WebSocket: the first byte of every message says which stream it belongs to.
//
//   0 stdin   1 stdout   2 stderr   3 the end, as a Status   4 terminal size
//
// v5 adds a message that closes one stream, [255, channel]; v4 cannot close stdin. base64.* carry the same as text.
// Source: apimachinery pkg/util/remotecommand/constants.go, apiserver pkg/endpoints/.../wsstream; client-go
// tools/remotecommand/{v4,v5,websocket}.go.
import type { WebSocket } from "ws";
import { StatusError, type Status } from "../../../api/status.js";
import type { ProcessStreams } from "../../protocol/node-streams.js";
import { ByteQueue } from "./byte-queue.js";
import type { ProcessOptions } from "./stream-requests.js";

export const CHANNEL_PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"] as const;

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const CLOSE = 255;
const NORMAL_CLOSURE = 1000;

/** Runs a process whose streams are the socket's channels, and ends with what became of it. */
export async function runOverChannels(
  socket: WebSocket,
  options: ProcessOptions,
  run: (streams: ProcessStreams) => Promise<number>,
): Promise<void> {
  const stdin = new ByteQueue();
  const gone = new AbortController();
  const leave = () => {
    stdin.end();
    gone.abort();
  };
  socket.on("message", (data: Buffer) => {
    if (!receive(data, stdin)) socket.terminate();
  });
  socket.on("close", leave);
  socket.on("error", leave);
  const sendOn = (channel: number) => (chunk: Uint8Array) => send(socket, channel, chunk);
  const status = await outcomeOf(
    run({
      stdin: options.hasStdin ? stdin : null,
      stdout: options.hasStdout ? sendOn(STDOUT) : () => undefined,
      stderr: options.hasStderr ? sendOn(STDERR) : () => undefined,
      signal: gone.signal,
    }),
  );
  send(socket, ERROR, Buffer.from(JSON.stringify(status)));
  socket.close(NORMAL_CLOSURE);
}

/** False: more than can be kept. */
function receive(data: Buffer, stdin: ByteQueue): boolean {
  const [channel, closed] = data;
  if (channel === STDIN) return stdin.push(data.subarray(1));
  if (channel === CLOSE && closed === STDIN) stdin.end();
  return true;
}

function send(socket: WebSocket, channel: number, chunk: Uint8Array): void {
  if (socket.readyState === socket.OPEN) socket.send(Buffer.concat([Uint8Array.of(channel), chunk]));
}

/** An exit code that is not 0 is a failure with a cause that clients read. */
export async function outcomeOf(running: Promise<number>): Promise<object> {
  try {
    const exitCode = await running;
    return exitCode === 0 ? { metadata: {}, status: "Success" } : nonZeroExit(exitCode);
  } catch (error) {
    if (error instanceof StatusError) return error.status;
    return new StatusError("InternalError", error instanceof Error ? error.message : String(error)).status;
  }
}

function nonZeroExit(
  exitCode: number,
): Omit<Status, "kind" | "apiVersion" | "code" | "reason"> & { reason: string } {
  return {
    metadata: {},
    status: "Failure",
    reason: "NonZeroExitCode",
    message: `command terminated with non-zero exit code: ${exitCode}`,
    details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
  };
}
