// The tar format, as far as files and folders go: read in ustar, PAX and GNU spelling, written as ustar with a PAX header
// for paths that do not fit.
//
//   0 name 100 | 100 mode 8 | 108 uid 8 | 116 gid 8 | 124 size 12 | 136 mtime 12 | 148 checksum 8 | 156 type 1
//   157 link 100 | 257 "ustar\0" "00" | 265 user 32 | 297 group 32 | 329 device 16 | 345 prefix 155 | 500 to 512
//
// Numbers are octal digits. Content follows, filled up to 512 bytes; two empty blocks end the archive.
// Source: POSIX.1-2017 pax, "ustar Interchange Format", "pax Header Block"; GNU tar manual, "Basic Tar Format".
// All texts are bytes, one character each: byte-text.ts.

const BLOCK = 512;
const NAME_BYTES_MAX = 100;
const END = "\0".repeat(2 * BLOCK);

export interface TarEntry {
  readonly path: string;
  readonly kind: "file" | "folder" | "link" | "symlink" | "other";
  /** Of a link. */
  readonly target: string;
  readonly content: string;
}

/** What is no archive: `message` as busybox says it. */
export class TarError extends Error {
  override readonly name = "TarError";
}

/** @throws {TarError} once the entries before the damage were read */
export function* readArchive(archive: string): Generator<TarEntry> {
  let longPath: string | null = null;
  let longTarget: string | null = null;
  for (let offset = 0; offset < archive.length; ) {
    const header = archive.slice(offset, offset + BLOCK);
    if (header.length < BLOCK) throw new TarError("short read");
    if (/^\0*$/.test(header)) return;
    if (octal(header, 148, 8) !== checksum(header)) throw new TarError("invalid tar magic");
    const bytes = octal(header, 124, 12);
    const content = archive.slice(offset + BLOCK, offset + BLOCK + bytes);
    if (content.length < bytes) throw new TarError("short read");
    offset += BLOCK + Math.ceil(bytes / BLOCK) * BLOCK;
    const type = header.charAt(156);
    if (type === "x") {
      const records = paxRecords(content);
      longPath = records.get("path") ?? longPath;
      longTarget = records.get("linkpath") ?? longTarget;
    } else if (type === "L") longPath = upToNul(content);
    else if (type === "K") longTarget = upToNul(content);
    else if (type !== "g") {
      const path = longPath ?? shortPath(header);
      yield { path, kind: kindOf(type, path), target: longTarget ?? field(header, 157, 100), content };
      longPath = null;
      longTarget = null;
    }
  }
}

/** @param mtimeMs since 1970 @param content of a file; null: a folder */
export function archiveEntry(path: string, content: string | null, mtimeMs: number): string {
  const name = content === null ? `${path}/` : path;
  const seconds = Math.floor(mtimeMs / 1000);
  if (name.length <= NAME_BYTES_MAX)
    return plainEntry(name, content === null ? "5" : "0", content ?? "", seconds);
  const extended = plainEntry("pax_header", "x", paxRecord("path", name), seconds);
  return (
    extended + plainEntry(name.slice(0, NAME_BYTES_MAX), content === null ? "5" : "0", content ?? "", seconds)
  );
}

export function archiveEnd(): string {
  return END;
}

function plainEntry(name: string, type: string, content: string, seconds: number): string {
  const number = (value: number, bytes: number) => `${value.toString(8).padStart(bytes - 1, "0")}\0`;
  const before =
    name.padEnd(NAME_BYTES_MAX, "\0") +
    number(type === "5" ? 0o755 : 0o644, 8) +
    number(0, 8) +
    number(0, 8) +
    number(content.length, 12) +
    number(seconds, 12);
  const after = `${type}${"\0".repeat(100)}ustar\x0000${"root".padEnd(32, "\0")}${"root".padEnd(32, "\0")}`;
  const unsigned = (before + " ".repeat(8) + after).padEnd(BLOCK, "\0");
  const signed = `${checksum(unsigned).toString(8).padStart(6, "0")}\0 `;
  const padded = content.padEnd(Math.ceil(content.length / BLOCK) * BLOCK, "\0");
  return (before + signed + after).padEnd(BLOCK, "\0") + padded;
}

/** The sum of the header's bytes, its own field taken for blanks. */
function checksum(header: string): number {
  let sum = 8 * 32;
  for (let index = 0; index < BLOCK; index++)
    if (index < 148 || index >= 156) sum += header.charCodeAt(index);
  return sum;
}

/** "LENGTH KEY=VALUE\n", where LENGTH counts its own digits too. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
}

function paxRecords(text: string): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let offset = 0; offset < text.length; ) {
    const bytes = Number(/^\d+(?= )/.exec(text.slice(offset, offset + 16))?.[0]);
    if (!(bytes > 0)) throw new TarError("malformed extended header");
    const record = text.slice(text.indexOf(" ", offset) + 1, offset + bytes - 1);
    records.set(record.slice(0, record.indexOf("=")), record.slice(record.indexOf("=") + 1));
    offset += bytes;
  }
  return records;
}

function shortPath(header: string): string {
  const prefix = header.startsWith("ustar\0", 257) ? field(header, 345, 155) : "";
  const name = field(header, 0, NAME_BYTES_MAX);
  return prefix === "" ? name : `${prefix}/${name}`;
}

function kindOf(type: string, path: string): TarEntry["kind"] {
  if (type === "5") return "folder";
  if (type === "1") return "link";
  if (type === "2") return "symlink";
  if (type !== "0" && type !== "\0" && type !== "7") return "other";
  return path.endsWith("/") ? "folder" : "file";
}

function field(header: string, offset: number, bytes: number): string {
  return upToNul(header.slice(offset, offset + bytes));
}

function upToNul(text: string): string {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

function octal(header: string, offset: number, bytes: number): number {
  const value = Number.parseInt(field(header, offset, bytes).trim() || "0", 8);
  if (!Number.isSafeInteger(value)) throw new TarError("invalid tar magic");
  return value;
}
