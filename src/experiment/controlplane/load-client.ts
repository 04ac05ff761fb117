// A client that costs little beside the server it loads: kept connections, bytes written at once, answers read by their
// length and parsed. One that is made for comfort (controlplane/client/http-client) takes longer for a request than the
// server does, and then the client is what is measured.
// It has no TLS, no retries and no watches.
import { PlumbError } from "../../base/errors.js";
import { failureOf } from "../../controlplane/client/answer-failure.js";
import type { Client } from "../../controlplane/client/client.js";
import { TransportClient } from "../../controlplane/client/resource-client.js";
import type { ApiCall, Transport } from "../../controlplane/client/transport.js";
import { RawConnection } from "./raw-connection.js";

export interface LoadClient extends Client {
  close(): void;
}

/** @param port of plain HTTP on loopback @param connections requests in flight at most; others wait their turn */
export async function openLoadClient(port: number, connections: number): Promise<LoadClient> {
  const open = await Promise.all(Array.from({ length: connections }, () => RawConnection.open(port)));
  const client = new TransportClient(new LoadTransport(open));
  return {
    resource: (name, namespace) => client.resource(name, namespace),
    close() {
      for (const connection of open) connection.close();
    },
  };
}

class LoadTransport implements Transport {
  readonly #free: RawConnection[];
  readonly #waiting: ((connection: RawConnection) => void)[] = [];

  constructor(connections: readonly RawConnection[]) {
    this.#free = [...connections];
  }

  async send(call: ApiCall): Promise<object> {
    const connection = this.#free.pop() ?? (await this.#turn());
    try {
      const { status, chunks } = await connection.ask(requestText(call), "utf8");
      const answer = JSON.parse(textOf(chunks)) as object;
      if (status >= 400) throw failureOf(answer, status);
      return answer;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(connection);
      else next(connection);
    }
  }

  #turn(): Promise<RawConnection> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  watch(): never {
    throw new PlumbError("Unsupported", "Cannot watch with a client for load: it has no watches");
  }
}

function requestText({ method, path, query, body, contentType }: ApiCall): string {
  const search = query.toString();
  const head = `${method} ${encodeURI(path)}${search === "" ? "" : `?${search}`} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nUser-Agent: plumb-load\r\n`;
  if (body === null) return `${head}\r\n`;
  const text = JSON.stringify(body);
  return `${head}Content-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

function textOf(chunks: readonly Buffer[]): string {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined
    ? first.toString("utf8")
    : Buffer.concat(chunks).toString("utf8");
}
