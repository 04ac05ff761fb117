import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";

/** Where an answer goes; Node's HTTP/2 responses behave like those of HTTP/1.1. */
export type Outgoing = ServerResponse | Http2ServerResponse;
