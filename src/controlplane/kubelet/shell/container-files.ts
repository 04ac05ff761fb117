// Files as a process in a container sees them: what is mounted, what every container has, what it wrote itself.
import type { ContainerWorld } from "../runtime/runtime-service.js";

/** Written files of one container; a longer one is cut. */
const FILE_BYTES_MAX = 64 * 1024;
const FILES_MAX = 256;
const FOLDERS = ["/bin", "/dev", "/etc", "/home", "/proc", "/root", "/sys", "/tmp", "/usr", "/var"];

/** path -> content; null: removed. Empty for most containers: made when something is written. */
export type WrittenFiles = Map<string, string | null>;

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

  write(path: string, content: string): void {
    if (path.startsWith("/dev/")) return;
    if (this.#written.size >= FILES_MAX && !this.#written.has(path)) return;
    this.#written.set(path, content.slice(0, FILE_BYTES_MAX));
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
    const all = new Set(["/etc/hostname", ...this.#world.files.keys(), ...this.#written.keys()]);
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
