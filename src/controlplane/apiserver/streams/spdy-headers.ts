// Header blocks of SPDY/3.1: name-value pairs, compressed over the whole session with a dictionary that both sides know.
// Source: SPDY Protocol Draft 3.1, section 2.6.10.
import { createDeflate, createInflate, constants, type Deflate, type Inflate } from "node:zlib";

const DICTIONARY_WORDS =
  "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin";

const DICTIONARY_TEXT =
  "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

const DICTIONARY = Buffer.concat([
  ...DICTIONARY_WORDS.split(" ").map((word) => lengthPrefixed(word.replace("_", " "))),
  Buffer.from(DICTIONARY_TEXT),
]);

/** A block that says more than this is no request of ours. */
const BLOCK_BYTES_MAX = 64 * 1024;

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const result = Buffer.alloc(4 + bytes.length);
  result.writeUInt32BE(bytes.length, 0);
  bytes.copy(result, 4);
  return result;
}

/** Both directions of one session; blocks must go through in the order of their frames. */
export class SpdyHeaders {
  readonly #inflate: Inflate = createInflate({ dictionary: DICTIONARY, finishFlush: constants.Z_SYNC_FLUSH });
  readonly #deflate: Deflate = createDeflate({ dictionary: DICTIONARY, flush: constants.Z_SYNC_FLUSH });

  /** Rejects for a block that is not one. */
  async decode(block: Uint8Array): Promise<ReadonlyMap<string, string>> {
    return parsed(await through(this.#inflate, block));
  }

  encode(headers: readonly (readonly [name: string, value: string])[]): Promise<Buffer> {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(headers.length, 0);
    const pairs = headers.flatMap(([name, value]) => [lengthPrefixed(name), lengthPrefixed(value)]);
    return through(this.#deflate, Buffer.concat([count, ...pairs]));
  }

  close(): void {
    this.#inflate.destroy();
    this.#deflate.destroy();
  }
}

function through(stream: Inflate | Deflate, block: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BLOCK_BYTES_MAX) stream.destroy(new Error("the header block is too long"));
      else chunks.push(chunk);
    };
    const done = (error?: Error | null) => {
      stream.off("data", onData);
      stream.off("error", done);
      if (error) reject(error);
      else resolve(Buffer.concat(chunks));
    };
    stream.on("data", onData);
    stream.once("error", done);
    stream.write(block, (error) => {
      if (error) done(error);
      else stream.flush(constants.Z_SYNC_FLUSH, () => done());
    });
  });
}

function parsed(block: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  let offset = 4;
  const next = () => {
    const bytes = block.readUInt32BE(offset);
    const text = block.toString("utf8", offset + 4, offset + 4 + bytes);
    offset += 4 + bytes;
    return text;
  };
  for (let left = block.readUInt32BE(0); left > 0; left--) {
    const name = next();
    headers.set(name.toLowerCase(), next());
  }
  return headers;
}
