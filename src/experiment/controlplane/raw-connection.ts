// A keep-alive connection that sends bytes made beforehand and reads no more of an answer than where it ends: what is
// measured is the server, and the client must not take its share of the processor.
import { connect, type Socket } from "node:net";

const HEAD_END = "\r\n\r\n";
const LENGTH = "content-length: ";
const NEWLINE = 0x0a;
const RETURN = 0x0d;

const CLOSED = new Error("the server closed the connection");

export interface RawAnswer {
  readonly status: number;
  /** Of the body, as they came. */
  readonly chunks: readonly Buffer[];
}

export class RawConnection {
  readonly #socket: Socket;
  #answered: (answer: RawAnswer) => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;
  #status = 0;
  /** Of the answer's body, still to come; null: its head is not whole yet. */
  #missing: number | null = null;
  #head = "";
  #chunks: Buffer[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error) => this.#failed(error));
    socket.on("close", () => this.#failed(CLOSED));
  }

  static open(port: number): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.off("error", reject).setNoDelay(true);
        resolve(new RawConnection(socket));
      });
      socket.on("error", reject);
    });
  }

  /** One at a time. @throws when the connection ends before the answer does */
  ask(bytes: string, encoding: "latin1" | "utf8" = "latin1"): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      // A socket that closed between answers tells nobody that it was written to.
      if (this.#socket.destroyed) this.#failed(CLOSED);
      else this.#socket.write(bytes, encoding);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#missing !== null) {
      this.#take(chunk);
      return;
    }
    const before = this.#head.length;
    this.#head += chunk.toString("latin1");
    const end = this.#head.indexOf(HEAD_END);
    if (end < 0) return;
    const head = this.#head.slice(0, end).toLowerCase();
    const length = head.indexOf(LENGTH);
    this.#status = Number(head.slice(9, 12));
    this.#missing = length < 0 ? 0 : Number.parseInt(head.slice(length + LENGTH.length), 10);
    this.#head = "";
    this.#take(chunk.subarray(end + HEAD_END.length - before));
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#missing = (this.#missing ?? 0) - chunk.length;
    if (this.#missing > 0) return;
    const chunks = this.#chunks;
    this.#missing = null;
    this.#chunks = [];
    this.#answered({ status: this.#status, chunks });
  }
}

/** A watch whose lines are counted and not looked at. */
export class LineCounter {
  readonly #socket: Socket;
  readonly #onLine: (count: number) => void;
  #last = 0;

  private constructor(socket: Socket, onLine: (count: number) => void) {
    this.#socket = socket;
    this.#onLine = onLine;
  }

  /** Resolves when the answer's head is there; `onLine` is told how many more lines came. */
  static open(port: number, request: string, onLine: (count: number) => void): Promise<LineCounter> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => socket.write(request, "latin1"));
      const counter = new LineCounter(socket, onLine);
      socket.on("error", reject);
      socket.once("data", (first: Buffer) => {
        const head = first.indexOf(HEAD_END) + HEAD_END.length;
        socket.on("data", (chunk: Buffer) => counter.#count(chunk));
        counter.#count(first.subarray(head));
        resolve(counter);
      });
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  /** The newlines of lines, not those of HTTP's chunks, which follow a carriage return. */
  #count(chunk: Buffer): void {
    let count = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1))
      if ((at === 0 ? this.#last : chunk[at - 1]) !== RETURN) count++;
    this.#last = chunk.at(-1) ?? this.#last;
    if (count > 0) this.#onLine(count);
  }
}
