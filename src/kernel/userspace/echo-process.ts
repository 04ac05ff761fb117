// The program of the backends' process: a TCP echo, a UDP echo, and a sink that reads to the end and then says one
// byte. It leaves ending the connection to the client, which resets it.
import { createSocket } from "node:dgram";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { opened } from "./opened.js";
import type { EchoRequests } from "./exchanges.js";

process.on("disconnect", () => process.exit());
process.once("message", (message) => {
  void open((message as EchoRequests["open"]["ask"]).host).then((reply) => process.send?.(reply));
});

async function open(host: string): Promise<EchoRequests["open"]["answer"]> {
  const udp = createSocket(host.includes(":") ? "udp6" : "udp4");
  udp.on("message", (datagram, { port, address }) => udp.send(datagram, port, address));
  await opened(udp, () => udp.bind(0, host));
  return {
    tcp: await listen(host, (socket) => socket.pipe(socket)),
    sink: await listen(host, (socket) => socket.resume().once("end", () => socket.write("x"))),
    udp: udp.address().port,
  };
}

async function listen(host: string, serve: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    // Clients end their connections by resetting them.
    socket.on("error", () => undefined);
    serve(socket);
  });
  await opened(server, () => server.listen(0, host));
  return (server.address() as AddressInfo).port;
}
