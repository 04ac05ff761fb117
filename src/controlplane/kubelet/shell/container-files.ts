// Files as a process in a container sees them: what is mounted, what every container has, what it wrote itself. A path
// that ends with "/" is a folder that exists by itself, full or empty; other folders exist while something is in them.
import type { ContainerWorld } from "../runtime/runtime-service.js";

/** Of what one container wrote: its disk is full then. */
export const WRITTEN_BYTES_MAX = 16 * 1024 * 1024;
const FILES_MAX = 4096;
const FOLDERS = ["/bin", "/dev", "/etc", "/home", "/proc", "/root", "/sys", "/tmp", "/usr", "/var"];

/** Empty for most containers: made when something is written. */
export class WrittenFiles {
  /** path -> content, in bytes; null: removed */
  readonly #files = new Map<string, string | null>();
  #bytes = 0;

  get(path: string): string | null | undefined {
    return this.#files.get(path);
  }

  paths(): Iterable<string> {
    return this.#files.keys();
  }

  /** False: there is no room, and nothing was changed. */
  set(path: string, content: string | null): boolean {
    const bytes = this.#bytes + (content?.length ?? 0) - (this.#files.get(path)?.length ?? 0);
    if (content !== null && bytes > WRITTEN_BYTES_MAX) return false;
    if (content !== null && this.#files.size >= FILES_MAX && !this.#files.has(path)) return false;
    this.#files.set(path, content);
    this.#bytes = bytes;
    return true;
  }
}

export class ContainerFiles {
  readonly #world: ContainerWorld;
  readonly #written: WrittenFiles;

  constructor(world: ContainerWorld, written: WrittenFiles) {
    this.#world = world;
    this.#written = written;
  }

  read(path: string): string | null {
    const written = this.#written.get(path);
    if (written !== undefined) return written;
    if (path === "/dev/null") return "";
    if (path === "/etc/hostname") return `${this.#world.hostname}\n`;
    return this.#world.files.get(path) ?? null;
  }

  /** False: no space is left. */
  write(path: string, content: string): boolean {
    if (path.startsWith("/dev/")) return true;
    return this.#written.set(path, content);
  }

  /** False: no space is left. */
  makeFolder(path: string): boolean {
    return this.isFolder(path) || this.#written.set(`${path}/`, "");
  }

  remove(path: string): void {
    this.#written.set(path, null);
    for (const each of this.#paths()) if (each.startsWith(`${path}/`)) this.#written.set(each, null);
  }

  isFile(path: string): boolean {
    return this.read(path) !== null;
  }

  isFolder(path: string): boolean {
    const folder = path === "/" ? "" : path;
    if (path === "/" || FOLDERS.includes(path)) return true;
    return this.#paths().some((each) => each.startsWith(`${folder}/`));
  }

  /** Names in a folder, in order. */
  list(path: string): readonly string[] {
    const prefix = path === "/" ? "/" : `${path}/`;
    const names = new Set<string>();
    for (const each of [...this.#paths(), ...FOLDERS])
      if (each.startsWith(prefix) && each.length > prefix.length)
        names.add(each.slice(prefix.length).split("/")[0] as string);
    return [...names].sort();
  }

  #paths(): string[] {
    const all = new Set(["/etc/hostname", ...this.#world.files.keys(), ...this.#written.paths()]);
    return [...all].filter((path) => this.#written.get(path) !== null);
  }
}

/** Absolute, without "." and "..". */
export function resolvePath(path: string, folder: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${folder}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
