// Connections that leave HTTP: WebSockets for exec and attach, and a WebSocket that carries SPDY for port-forward, or SPDY
// itself from older clients.
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { ApiHandler, ApiRequest, ApiResponse } from "../../protocol/api-request.js";
import { answerOfFailure } from "../filters/answer-of-failure.js";
import { CHANNEL_PROTOCOLS, runOverChannels } from "../streams/channel-socket.js";
import { forwardPortsOverSpdy } from "../streams/forward-ports.js";
import { forwardPortsOverChannels } from "../streams/port-channels.js";
import { runOverSpdy } from "../streams/process-over-spdy.js";
import { type GrantedStream, grantedStream } from "../streams/stream-gate.js";
import type { SpdyTransport } from "../streams/spdy-session.js";
import { WebSocketFrames } from "./web-socket-frames.js";

/** kubectl's name for SPDY inside a WebSocket; no valid token, which WebSocket libraries refuse. */
const TUNNEL_PROTOCOL = "SPDY/3.1+portforward.k8s.io";
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;

const channels = new WebSocketServer({
  noServer: true,
  maxPayload: MESSAGE_BYTES_MAX,
  handleProtocols: (offered) => CHANNEL_PROTOCOLS.find((each) => offered.has(each)) ?? false,
});

/** @param aborter aborts when the connection ends */
export async function upgrade(
  handler: ApiHandler,
  request: ApiRequest,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const answer = await handler.handle(request);
  const granted = grantedStream(request);
  if (granted === null) {
    refuse(socket, answer);
    return;
  }
  const kind = incoming.headers.upgrade?.toLowerCase() ?? "";
  if (kind === "websocket") upgradeToWebSocket(granted, request, incoming, socket, head);
  else if (kind === "spdy/3.1") upgradeToSpdy(granted, request, incoming, socket, head);
  else refuse(socket, answer);
}

function upgradeToWebSocket(
  granted: GrantedStream,
  request: ApiRequest,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const offered = protocolsOf(incoming.headers["sec-websocket-protocol"]);
  if (granted.kind === "ports" && offered.includes(TUNNEL_PROTOCOL)) {
    tunnel(granted, request, incoming, socket, head);
    return;
  }
  if (!offered.some((each) => (CHANNEL_PROTOCOLS as readonly string[]).includes(each))) {
    refuse(socket, answerOfFailure(new Error(`none of the protocols ${offered.join(", ")} is spoken here`)));
    return;
  }
  channels.handleUpgrade(incoming, socket, head, (webSocket: WebSocket) => {
    if (granted.kind === "process") void runOverChannels(webSocket, granted.options, granted.run);
    else forwardPortsOverChannels(webSocket, granted.ports, granted.forward);
  });
}

function protocolsOf(header: string | undefined): readonly string[] {
  return header === undefined ? [] : header.split(",").map((each) => each.trim());
}

function tunnel(
  granted: Extract<GrantedStream, { kind: "ports" }>,
  request: ApiRequest,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const key = incoming.headers["sec-websocket-key"] ?? "";
  const accept = createHash("sha1").update(`${key}${ACCEPT_GUID}`).digest("base64");
  writeHead(socket, "101 Switching Protocols", {
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Accept": accept,
    "Sec-WebSocket-Protocol": TUNNEL_PROTOCOL,
  });
  const frames = new WebSocketFrames(socket, MESSAGE_BYTES_MAX);
  const session = forwardPortsOverSpdy(frames, granted.forward, request.signal);
  frames.onMessage = (bytes) => session.receive(bytes);
  frames.receive(head);
  socket.on("data", (chunk: Buffer) => frames.receive(chunk));
  socket.on("close", () => session.close());
}

function upgradeToSpdy(
  granted: GrantedStream,
  request: ApiRequest,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const offered = protocolsOf(incoming.headers["x-stream-protocol-version"] as string | undefined);
  const protocol = granted.kind === "process" ? "v4.channel.k8s.io" : "portforward.k8s.io";
  if (offered.length > 0 && !offered.includes(protocol)) {
    refuse(socket, answerOfFailure(new Error(`none of the protocols ${offered.join(", ")} is spoken here`)));
    return;
  }
  writeHead(socket, "101 Switching Protocols", {
    Upgrade: "SPDY/3.1",
    Connection: "Upgrade",
    "X-Stream-Protocol-Version": protocol,
  });
  const transport: SpdyTransport = {
    write: (bytes) => void (socket.writable && socket.write(bytes)),
    close: () => void socket.end(),
  };
  const session =
    granted.kind === "ports"
      ? forwardPortsOverSpdy(transport, granted.forward, request.signal)
      : runOverSpdy(transport, granted.options, granted.run, request.signal);
  if (head.length > 0) session.receive(head);
  socket.on("data", (chunk: Buffer) => session.receive(chunk));
  socket.on("close", () => session.close());
}

function refuse(socket: Duplex, answer: ApiResponse): void {
  const code = answer.kind === "object" ? answer.code : 400;
  const body = Buffer.from(JSON.stringify(answer.kind === "object" ? answer.object : {}));
  writeHead(socket, `${code} Refused`, {
    "Content-Type": "application/json",
    "Content-Length": String(body.length),
    Connection: "close",
  });
  socket.end(body);
}

function writeHead(socket: Duplex, status: string, headers: Readonly<Record<string, string>>): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status}\r\n${lines.join("")}\r\n`);
}
