// The exchange program as an object: packets to ports, and what was seen until all was quiet.
//
//   record, little-endian:  | port u16 | zero u16 | length u32 | IP packet |     port 0xffff: mark
import { PlumbError } from "../../base/errors.js";
import type { HostProcess, KernelHost } from "../host/command.js";
import { injectorProgram } from "./build.js";

const HEADER_BYTES = 8;
export const MARK = 0xffff;

/** A place to send and to listen. node: the node itself, as a process on it would. */
export type Port =
  | {
      readonly kind: "link";
      readonly netns: string;
      readonly interface: string;
      /** Hardware address of the other end, where it is not the same as that of this one. */
      readonly peer?: string;
    }
  | { readonly kind: "node"; readonly netns: string; readonly family: "IPv4" | "IPv6" };

/** An IP packet at a port, by the port's position. */
export interface PortPacket {
  readonly port: number;
  readonly bytes: Uint8Array;
}

export class Exchange {
  readonly #process: HostProcess;
  #unread: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  #seen: PortPacket[] = [];
  #settle: ((seen: PortPacket[]) => void) | null = null;
  #fail: ((error: Error) => void) | null = null;

  constructor(host: KernelHost, ports: readonly Port[]) {
    this.#process = host.start({ argv: [injectorProgram("exchange"), ...ports.map(portText)] });
    this.#process.stdout.on("data", (chunk: Buffer) => this.#read(chunk));
    void this.#process.ended.then(({ status, stderr }) =>
      this.#fail?.(
        new PlumbError("Internal", `Cannot exchange packets: ${stderr.trim() || `status ${status}`}`),
      ),
    );
  }

  /**
   * Send packets in order, one at a time.
   * @returns everything seen at any port until 60 ms passed without a packet; with packets that are not ours
   */
  exchange(packets: readonly PortPacket[]): Promise<readonly PortPacket[]> {
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
      const records = packets.flatMap(({ port, bytes }) => [recordHeader(port, bytes.length), bytes]);
      this.#process.stdin.write(Buffer.concat([...records, recordHeader(MARK, 0)]));
    });
  }

  async close(): Promise<void> {
    this.#process.stdin.end();
    await this.#process.ended;
  }

  #read(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    let at = 0;
    while (this.#unread.length - at >= HEADER_BYTES) {
      const port = this.#unread.readUInt16LE(at);
      const length = this.#unread.readUInt32LE(at + 4);
      if (this.#unread.length - at < HEADER_BYTES + length) break;
      const start = at + HEADER_BYTES;
      at = start + length;
      if (port !== MARK) this.#seen.push({ port, bytes: this.#unread.subarray(start, at) });
      else this.#settled();
    }
    this.#unread = this.#unread.subarray(at);
  }

  #settled(): void {
    const [seen, settle] = [this.#seen, this.#settle];
    this.#seen = [];
    this.#settle = null;
    settle?.(seen);
  }
}

/** Of a record; with port MARK and no length it asks to wait until all is quiet. */
export function recordHeader(port: number, length: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt16LE(port, 0);
  bytes.writeUInt32LE(length, 4);
  return bytes;
}

/** The port as the program's argument. */
export function portText(port: Port): string {
  return port.kind === "link"
    ? ["link", port.netns, port.interface, ...(port.peer === undefined ? [] : [port.peer])].join(":")
    : `node:${port.netns}:${port.family === "IPv4" ? "4" : "6"}`;
}
