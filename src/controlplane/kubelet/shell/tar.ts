// tar, as `kubectl cp` runs it: `tar cf - PATH...` and `tar -xmf - [-C FOLDER]`; archives may be files too. Modes, owners
// and times are not kept: files of a simulated container have none.
import { resolvePath, type ContainerFiles } from "./container-files.js";
import { complain, print, readAll } from "./process-steps.js";
import type { Invocation, Process, Shell } from "./run-shell.js";
import { archiveEnd, archiveEntry, readArchive, TarError, type TarEntry } from "./tar-archive.js";

interface TarOptions {
  readonly mode: "c" | "x" | "t";
  /** "-": standard input or output. */
  readonly archive: string;
  readonly folder: string;
  readonly isVerbose: boolean;
  readonly paths: readonly string[];
}

const NO_SPACE = "No space left on device";

export function* tar(call: Invocation): Process {
  const options = tarOptions(call.args, call.shell.folder);
  if (typeof options === "string") return yield* complain(`tar: ${options}`);
  if (options.mode === "c") return yield* create(call.shell, options);
  const path = resolvePath(options.archive, call.shell.folder);
  const archive = options.archive === "-" ? yield* readAll(call.stdin) : call.shell.files.read(path);
  if (archive === null)
    return yield* complain(`tar: can't open '${options.archive}': No such file or directory`);
  try {
    return yield* eachEntry(call.shell.files, archive, options);
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
    return yield* complain(`tar: ${error.message}`);
  }
}

/** A message: what is wrong with them. */
function tarOptions(args: readonly string[], folder: string): TarOptions | string {
  const parsed = { mode: "", archive: "-", folder, isVerbose: false, paths: [] as string[] };
  const rest = [...args];
  const option = (letter: string): string | null => {
    if ("cxt".includes(letter)) parsed.mode = letter;
    else if (letter === "v") parsed.isVerbose = true;
    else if (letter === "f") parsed.archive = rest.shift() ?? "";
    else if (letter === "C") parsed.folder = resolvePath(rest.shift() ?? "", parsed.folder);
    else if (!"mopkh".includes(letter)) return `invalid option -- '${letter}'`;
    return null;
  };
  for (let isFirst = true; rest.length > 0; isFirst = false) {
    const word = rest.shift() as string;
    const isOptions = /^-./.test(word) || isFirst;
    if (!isOptions) parsed.paths.push(word);
    else if (!word.startsWith("--"))
      for (const letter of word.replace(/^-/, "")) {
        const wrong = option(letter);
        if (wrong !== null) return wrong;
      }
    else if (!/^--(no-)?(same-owner|same-permissions|overwrite)$|^--$/.test(word))
      return `unrecognized option '${word}'`;
  }
  const { mode } = parsed;
  if (mode !== "c" && mode !== "x" && mode !== "t") return "must specify one of -c, -x, -t";
  return mode === "c" && parsed.paths.length === 0 ? "empty archive" : { ...parsed, mode };
}

function* create(shell: Shell, { archive, folder, paths }: TarOptions): Process {
  let written = "";
  let code = 0;
  const names = paths.map((path) => path.replace(/^\/+/, ""));
  if (paths.some((path) => path.startsWith("/")))
    yield* complain("tar: removing leading '/' from member names");
  for (const [index, path] of paths.entries()) {
    const full = resolvePath(path, folder);
    const name = (names[index] as string).replace(/(.)\/+$/, "$1") || ".";
    if (!shell.files.isFile(full) && !shell.files.isFolder(full))
      code = yield* complain(`tar: ${path}: No such file or directory`);
    for (const entry of entriesOf(shell, full, name))
      if (archive === "-") yield* print(entry);
      else written += entry;
  }
  if (archive === "-") yield* print(archiveEnd());
  else if (!shell.files.write(resolvePath(archive, shell.folder), written + archiveEnd()))
    return yield* complain(`tar: ${archive}: ${NO_SPACE}`);
  return code === 0 ? 0 : yield* complain("tar: error exit delayed from previous errors");
}

/** @param path absolute @param name in the archive */
function* entriesOf(shell: Shell, path: string, name: string): Generator<string> {
  const content = shell.files.read(path);
  if (content !== null) {
    yield archiveEntry(name, content, shell.now());
    return;
  }
  if (!shell.files.isFolder(path)) return;
  yield archiveEntry(name, null, shell.now());
  for (const child of shell.files.list(path))
    yield* entriesOf(shell, resolvePath(child, path), `${name}/${child}`);
}

/** What cannot be written does not keep the rest from being written. */
function* eachEntry(files: ContainerFiles, archive: string, options: TarOptions): Process {
  let code = 0;
  for (const entry of readArchive(archive)) {
    const name = entry.path.replace(/^\/+/, "").replace(/(.)\/+$/, "$1");
    if (!isWanted(name, options.paths)) continue;
    if (options.mode === "t" || options.isVerbose) yield* print(`${entry.path}\n`);
    const why = options.mode === "x" ? extract(files, entry, resolvePath(name, options.folder)) : null;
    if (why !== null) code = yield* complain(`tar: ${why}`);
  }
  return code === 0 ? 0 : yield* complain("tar: error exit delayed from previous errors");
}

function isWanted(name: string, paths: readonly string[]): boolean {
  return paths.length === 0 || paths.some((path) => name === path || name.startsWith(`${path}/`));
}

/** @returns why it could not be written; null: it was */
function extract(files: ContainerFiles, entry: TarEntry, path: string): string | null {
  if (entry.path.split("/").includes("..")) return `name with '..' in it: '${entry.path}'`;
  if (entry.kind === "folder" && files.isFile(path)) return `can't make dir ${entry.path}: File exists`;
  if (entry.kind === "folder")
    return files.makeFolder(path) ? null : `can't make dir ${entry.path}: ${NO_SPACE}`;
  if (entry.kind !== "file")
    return `can't create ${entry.kind} '${entry.path}' to '${entry.target}': Operation not supported`;
  if (files.isFolder(path)) return `can't open '${entry.path}': Is a directory`;
  return files.write(path, entry.content) ? null : `can't open '${entry.path}': ${NO_SPACE}`;
}
