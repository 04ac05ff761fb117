// port-forward over a WebSocket with channels, as clients in JavaScript and Python do it: port i of the request has
// channel 2i for its bytes and 2i + 1 for what went wrong, each beginning with the port's number.
// Source: kubelet pkg/kubelet/streaming/portforward/websocket.go.
import type { WebSocket } from "ws";
import { ByteQueue } from "./byte-queue.js";
import type { ForwardPort } from "./forward-ports.js";

const NORMAL_CLOSURE = 1000;

export function forwardPortsOverChannels(
  socket: WebSocket,
  ports: readonly number[],
  forward: ForwardPort,
): void {
  const gone = new AbortController();
  const queues = ports.map(() => new ByteQueue());
  const leave = () => {
    gone.abort();
    for (const queue of queues) queue.end();
  };
  socket.on("close", leave);
  socket.on("error", leave);
  socket.on("message", (data: Buffer) => {
    const channel = data[0] ?? 0;
    const queue = channel % 2 === 0 ? queues[channel / 2] : undefined;
    if (queue !== undefined && !queue.push(data.subarray(1))) socket.terminate();
  });
  const send = (channel: number, bytes: Uint8Array) => {
    if (socket.readyState === socket.OPEN) socket.send(Buffer.concat([Uint8Array.of(channel), bytes]));
  };
  const running = ports.map(async (port, index) => {
    const name = Uint8Array.of(port & 0xff, port >> 8);
    send(2 * index, name);
    send(2 * index + 1, name);
    const received = queues[index] as ByteQueue;
    try {
      await forward(port, { received, send: (chunk) => send(2 * index, chunk), signal: gone.signal });
    } catch (error) {
      send(2 * index + 1, Buffer.from(error instanceof Error ? error.message : String(error)));
    }
  });
  void Promise.all(running).then(() => socket.close(NORMAL_CLOSURE));
}
