// The commands that simulated containers know. Each gets its words and standard input and prints what the real one would.
import { resolvePath } from "./container-files.js";
import { NAME_COMMANDS } from "./name-commands.js";
import { complain, forever, print, readAll } from "./process-steps.js";
import { type Command, FOREVER_MS, type Invocation, type Process, runCommand, runText } from "./run-shell.js";
import { tar } from "./tar.js";

function echo({ args }: Invocation): Process {
  const flags = /^-[neE]+$/.test(args[0] ?? "") ? (args[0] as string) : "";
  const text = (flags === "" ? args : args.slice(1)).join(" ");
  return print((flags.includes("e") ? escaped(text) : text) + (flags.includes("n") ? "" : "\n"));
}

function escaped(text: string): string {
  const meanings: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\" };
  return text.replace(/\\([ntr\\])/g, (_, letter: string) => meanings[letter] as string);
}

function printf({ args }: Invocation): Process {
  const [format = "", ...values] = args;
  let index = 0;
  const one = () =>
    escaped(format).replace(/%([sd%])/g, (_, kind: string) =>
      kind === "%" ? "%" : (values[index++] ?? (kind === "d" ? "0" : "")),
    );
  let text = one();
  while (index > 0 && index < values.length) text += one();
  return print(text);
}

function* sleep({ args }: Invocation): Process {
  let ms = 0;
  for (const word of args) {
    const match = /^(\d*\.?\d+)([smhd]?)$/.exec(word);
    if (word === "infinity" || word === "inf") ms = FOREVER_MS;
    else if (match === null) return yield* complain(`sleep: invalid number '${word}'`);
    else ms += Number(match[1]) * ({ s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 }[match[2] as string] ?? 1e3);
  }
  if (args.length === 0) return yield* complain("sleep: missing operand");
  yield { is: "wait", ms: Math.min(ms, FOREVER_MS) };
  return 0;
}

function* cat({ shell, args, stdin }: Invocation): Process {
  let code = 0;
  const paths = args.filter((word) => !/^-./.test(word));
  if (paths.length === 0) {
    if (stdin !== null) return yield* print(stdin);
    for (let chunk = yield { is: "read" }; chunk !== null; chunk = yield { is: "read" })
      yield { is: "print", to: 1, text: chunk };
    return 0;
  }
  for (const path of paths) {
    const text = path === "-" ? yield* readAll(stdin) : shell.files.read(resolvePath(path, shell.folder));
    if (text !== null) yield { is: "print", to: 1, text };
    else code = yield* complain(`cat: can't open '${path}': No such file or directory`);
  }
  return code;
}

function* ls({ shell, args }: Invocation): Process {
  const paths = args.filter((word) => !word.startsWith("-"));
  let code = 0;
  for (const path of paths.length === 0 ? ["."] : paths) {
    const full = resolvePath(path, shell.folder);
    if (shell.files.isFile(full)) yield { is: "print", to: 1, text: `${path}\n` };
    else if (!shell.files.isFolder(full)) code = yield* complain(`ls: ${path}: No such file or directory`);
    else
      yield* print(
        shell.files
          .list(full)
          .map((name) => `${name}\n`)
          .join(""),
      );
  }
  return code;
}

function test({ shell, args }: Invocation): number {
  const words = args.at(-1) === "]" ? args.slice(0, -1) : args;
  return holds(shell, words) ? 0 : 1;
}

function holds(shell: Invocation["shell"], words: readonly string[]): boolean {
  if (words[0] === "!") return !holds(shell, words.slice(1));
  for (const operator of ["-o", "-a"]) {
    const at = words.indexOf(operator);
    if (at <= 0) continue;
    const [left, right] = [holds(shell, words.slice(0, at)), holds(shell, words.slice(at + 1))];
    return operator === "-o" ? left || right : left && right;
  }
  const [first = "", second, third] = words;
  if (words.length === 2) return unaryTest(shell, first, second as string);
  if (words.length === 3) return binaryTest(first, second as string, third as string);
  return words.length === 1 && first !== "";
}

function unaryTest(shell: Invocation["shell"], operator: string, operand: string): boolean {
  const path = resolvePath(operand, shell.folder);
  switch (operator) {
    case "-z":
      return operand === "";
    case "-n":
      return operand !== "";
    case "-d":
      return !shell.files.isFile(path) && shell.files.isFolder(path);
    case "-s":
      return (shell.files.read(path) ?? "") !== "";
    case "-e":
    case "-r":
    case "-w":
      return shell.files.isFile(path) || shell.files.isFolder(path);
    default:
      return shell.files.isFile(path);
  }
}

function binaryTest(left: string, operator: string, right: string): boolean {
  switch (operator) {
    case "=":
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case "-eq":
      return Number(left) === Number(right);
    case "-ne":
      return Number(left) !== Number(right);
    case "-lt":
      return Number(left) < Number(right);
    case "-le":
      return Number(left) <= Number(right);
    case "-gt":
      return Number(left) > Number(right);
    case "-ge":
      return Number(left) >= Number(right);
    default:
      return false;
  }
}

function date({ shell, args }: Invocation): Process {
  const now = new Date(shell.now());
  const format = args.find((word) => word.startsWith("+"))?.slice(1);
  if (format === undefined) {
    const [day, numeral, month, year, time] = now.toUTCString().replace(",", "").split(" ");
    return print(`${day} ${month} ${String(Number(numeral)).padStart(2)} ${time} UTC ${year}\n`);
  }
  const iso = now.toISOString();
  const parts: Readonly<Record<string, string>> = {
    Y: iso.slice(0, 4),
    m: iso.slice(5, 7),
    d: iso.slice(8, 10),
    H: iso.slice(11, 13),
    M: iso.slice(14, 16),
    S: iso.slice(17, 19),
    N: `${iso.slice(20, 23)}000000`,
    s: String(Math.floor(shell.now() / 1000)),
    F: iso.slice(0, 10),
    T: iso.slice(11, 19),
    Z: "UTC",
    z: "+0000",
    "%": "%",
  };
  return print(`${format.replace(/%([YmdHMSNsFTZz%])/g, (_, letter: string) => parts[letter] as string)}\n`);
}

function env({ shell, args }: Invocation): Process {
  const rest = args.filter((word) => !word.includes("=") && !word.startsWith("-"));
  if (rest.length > 0) {
    const local = { ...shell, env: new Map(shell.env) };
    for (const word of args.slice(0, args.indexOf(rest[0] as string)))
      if (word.includes("="))
        local.env.set(word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1));
    return runCommand(local, args.slice(args.indexOf(rest[0] as string)), null);
  }
  const lines = [...shell.env].map(([name, value]) => `${name}=${value}\n`);
  if (!shell.env.has("HOSTNAME")) lines.push(`HOSTNAME=${shell.hostname}\n`);
  return print(lines.join(""));
}

function printenv(call: Invocation): Process {
  const [name] = call.args;
  if (name === undefined) return env(call);
  const value =
    name === "HOSTNAME" ? (call.shell.env.get(name) ?? call.shell.hostname) : call.shell.env.get(name);
  return value === undefined ? print("", 1) : print(`${value}\n`);
}

function exit({ shell, args }: Invocation): number {
  shell.hasExited = true;
  return (args[0] === undefined ? shell.status : Number(args[0]) || 0) & 255;
}

/** `sh -c TEXT`, `sh FILE`, `sh` reading its standard input. */
function* sh({ shell, args, stdin }: Invocation): Process {
  const inner = { ...shell, env: new Map(shell.env), hasExited: false };
  const at = args.findIndex((word) => /^-[a-z]*c[a-z]*$/.test(word));
  if (at >= 0) {
    inner.arguments = args.slice(at + 2);
    return yield* runText(inner, args[at + 1] ?? "", stdin);
  }
  const file = args.find((word) => !word.startsWith("-"));
  if (file !== undefined) {
    const text = shell.files.read(resolvePath(file, shell.folder));
    if (text === null) return yield* complain(`sh: can't open '${file}': No such file or directory`, 2);
    inner.arguments = [file, ...args.slice(args.indexOf(file) + 1)];
    return yield* runText(inner, text, stdin);
  }
  if (stdin !== null) return yield* runText(inner, stdin, "");
  return yield* interactive(inner);
}

/** Line by line, as they come. */
function* interactive(shell: Invocation["shell"]): Process {
  let rest = "";
  for (;;) {
    const chunk: string | null = yield { is: "read" };
    rest += chunk ?? "\n";
    const lines = rest.split(/\r\n|\r|\n/);
    rest = lines.pop() as string;
    for (const line of lines) {
      shell.status = yield* runText(shell, line, "");
      if (shell.hasExited) return shell.status;
    }
    if (chunk === null) return shell.status;
  }
}

function* grep({ shell, args, stdin }: Invocation): Process {
  const flags = args.filter((word) => /^-[a-zA-Z]+$/.test(word)).join("");
  const [pattern = "", ...paths] = args.filter((word) => !/^-[a-zA-Z]+$/.test(word));
  const texts = paths.map((path) => shell.files.read(resolvePath(path, shell.folder)) ?? "");
  const text = paths.length === 0 ? yield* readAll(stdin) : texts.join("");
  const found = linesOf(text).filter((line) => {
    const isIn = flags.includes("i") ? lowerCase(line).includes(lowerCase(pattern)) : line.includes(pattern);
    return isIn !== flags.includes("v");
  });
  const output = flags.includes("c") ? `${found.length}\n` : found.map((line) => `${line}\n`).join("");
  return yield* print(flags.includes("q") ? "" : output, found.length > 0 ? 0 : 1);
}

/** Of ASCII alone: other letters are several bytes. */
function lowerCase(bytes: string): string {
  return bytes.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** @param count "+3": from the third on */
function endOfBytes(text: string, count: string, fromEnd: boolean): string {
  if (!fromEnd) return text.slice(0, Number(count));
  if (count.startsWith("+")) return text.slice(Math.max(0, Number(count) - 1));
  return text.slice(Math.max(0, text.length - Number(count)));
}

function ends(fromEnd: boolean): Command {
  return function* ({ shell, args, stdin }) {
    if (fromEnd && args.some((word) => /^-[a-z]*[fF]/.test(word))) return yield* forever();
    const bytes = /(?:^| )-c ?(\+?\d+)(?: |$)/.exec(args.join(" "))?.[1];
    const at = args.findIndex((word) => /^-n$|^-n?\d+$/.test(word));
    const digits = at < 0 ? "10" : (args[at] as string).replace(/^-n?/, "") || (args[at + 1] ?? "10");
    const paths = args.filter(
      (word, index) => !word.startsWith("-") && !/^-[nc]$/.test(args[index - 1] ?? ""),
    );
    const path = paths[0];
    const text =
      path === undefined ? yield* readAll(stdin) : shell.files.read(resolvePath(path, shell.folder));
    if (text === null)
      return yield* complain(`${fromEnd ? "tail" : "head"}: ${path}: No such file or directory`);
    if (bytes !== undefined) return yield* print(endOfBytes(text, bytes, fromEnd));
    const lines = linesOf(text);
    const count = Number(digits);
    const kept = fromEnd ? lines.slice(Math.max(0, lines.length - count)) : lines.slice(0, count);
    return yield* print(kept.map((line) => `${line}\n`).join(""));
  };
}

function* wc({ args, shell, stdin }: Invocation): Process {
  const path = args.find((word) => !word.startsWith("-"));
  const text = path === undefined ? yield* readAll(stdin) : shell.files.read(resolvePath(path, shell.folder));
  if (text === null) return yield* complain(`wc: ${path}: No such file or directory`);
  const counts = [linesOf(text).length, text.split(/[ \t-\r]+/).filter(Boolean).length, text.length];
  const which = ["l", "w", "c"].findIndex((letter) => args.includes(`-${letter}`));
  return yield* print(
    `${which < 0 ? counts.join(" ") : counts[which]}${path === undefined ? "" : ` ${path}`}\n`,
  );
}

function seq({ args }: Invocation): Process {
  const [first, last] = args.length === 1 ? [1, Number(args[0])] : [Number(args[0]), Number(args.at(-1))];
  const count = Math.min(10_000, Math.max(0, last - first + 1)) || 0;
  return print(Array.from({ length: count }, (_, index) => `${first + index}\n`).join(""));
}

function* tee({ shell, args, stdin }: Invocation): Process {
  const text = yield* readAll(stdin);
  for (const path of args.filter((word) => !word.startsWith("-"))) {
    const full = resolvePath(path, shell.folder);
    const before = args.includes("-a") ? (shell.files.read(full) ?? "") : "";
    if (!shell.files.write(full, before + text))
      return yield* complain("tee: write error: No space left on device");
  }
  return yield* print(text);
}

function touch({ shell, args }: Invocation): Process | number {
  for (const path of args.map((word) => resolvePath(word, shell.folder)))
    if (!shell.files.isFile(path) && !shell.files.isFolder(path) && !shell.files.write(path, ""))
      return complain(`touch: ${path}: No space left on device`);
  return 0;
}

function mkdir({ shell, args }: Invocation): Process | number {
  const makesParents = args.some((word) => /^-\w*p/.test(word));
  for (const word of args.filter((each) => !each.startsWith("-"))) {
    const path = resolvePath(word, shell.folder);
    const complaint = (why: string) => complain(`mkdir: can't create directory '${word}': ${why}`);
    if (shell.files.isFile(path) || (!makesParents && shell.files.isFolder(path)))
      return complaint("File exists");
    if (!shell.files.makeFolder(path)) return complaint("No space left on device");
  }
  return 0;
}

function rm({ shell, args }: Invocation): Process | number {
  for (const word of args.filter((each) => !each.startsWith("-"))) {
    const path = resolvePath(word, shell.folder);
    if (shell.files.isFile(path) || shell.files.isFolder(path)) shell.files.remove(path);
    else if (!args.some((each) => /^-\w*f/.test(each)))
      return complain(`rm: can't remove '${word}': No such file or directory`);
  }
  return 0;
}

function cp(isMove: boolean): Command {
  return ({ shell, args }) => {
    const [from = "", to = ""] = args
      .filter((word) => !word.startsWith("-"))
      .map((word) => resolvePath(word, shell.folder));
    const text = shell.files.read(from);
    if (text === null)
      return complain(`${isMove ? "mv" : "cp"}: can't stat '${from}': No such file or directory`);
    const path = shell.files.isFolder(to) ? `${to}/${from.slice(from.lastIndexOf("/") + 1)}` : to;
    if (!shell.files.write(path, text)) return complain(`cp: write error: No space left on device`);
    if (isMove) shell.files.remove(from);
    return 0;
  };
}

function cd({ shell, args }: Invocation): Process | number {
  const path = resolvePath(args[0] ?? "/", shell.folder);
  if (!shell.files.isFolder(path))
    return complain(`sh: cd: can't cd to ${args[0]}: No such file or directory`);
  shell.folder = path;
  return 0;
}

function assign({ shell, args }: Invocation): number {
  for (const word of args) {
    const at = word.indexOf("=");
    if (at > 0) shell.env.set(word.slice(0, at), word.slice(at + 1));
  }
  return 0;
}

function unset({ shell, args }: Invocation): number {
  for (const name of args) shell.env.delete(name);
  return 0;
}

function* timeout({ shell, args, stdin }: Invocation): Process {
  const [limit = "0", ...words] = args.filter((word, index) => !(index === 0 && word.startsWith("-")));
  const process = runCommand(shell, words, stdin);
  let leftMs = Number.parseFloat(limit) * 1000;
  let input: string | null = null;
  for (;;) {
    const next = process.next(input);
    if (next.done) return next.value;
    if (next.value.is === "wait" && next.value.ms >= leftMs) {
      yield { is: "wait", ms: leftMs };
      return 143;
    }
    if (next.value.is === "wait") leftMs -= next.value.ms;
    input = yield next.value;
  }
}

function unwind(how: "break" | "continue"): Command {
  return ({ shell }) => {
    shell.unwinding = how;
    return 0;
  };
}

function* read({ shell, args, stdin }: Invocation): Process {
  const chunk: string | null = stdin ?? (yield { is: "read" });
  if (chunk === null || chunk === "") return 1;
  const name = args.find((word) => !word.startsWith("-")) ?? "REPLY";
  shell.env.set(name, chunk.split("\n")[0] as string);
  return 0;
}

const succeed: Command = () => 0;

/** By name, without a folder. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ...["sh", "ash", "bash", "dash"].map((name) => [name, sh] as const),
  ...[
    "true",
    ":",
    "set",
    "wait",
    "trap",
    "chmod",
    "chown",
    "ulimit",
    "sync",
    "umask",
    "wget",
    "curl",
    "ping",
    "dd",
    "apk",
    "apt-get",
  ].map((name) => [name, succeed] as const),
  ...["httpd", "nc", "top", "crond", "yes", "watch", "nginx", "pause"].map(
    (name) => [name, forever] as const,
  ),
  ...NAME_COMMANDS,
  ["false", () => 1],
  ["echo", echo],
  ["printf", printf],
  ["sleep", sleep],
  ["cat", cat],
  ["ls", ls],
  ["test", test],
  ["[", test],
  ["[[", (call) => test({ ...call, args: call.args.filter((word) => word !== "]]") })],
  ["date", date],
  ["env", env],
  ["printenv", printenv],
  ["export", assign],
  ["unset", unset],
  ["hostname", ({ shell }) => print(`${shell.hostname}\n`)],
  [
    "uname",
    ({ shell, args }) =>
      print(
        args.includes("-n")
          ? `${shell.hostname}\n`
          : args.includes("-a")
            ? `Linux ${shell.hostname} 6.1.0 x86_64 GNU/Linux\n`
            : "Linux\n",
      ),
  ],
  ["whoami", () => print("root\n")],
  ["id", () => print("uid=0(root) gid=0(root) groups=0(root)\n")],
  ["pwd", ({ shell }) => print(`${shell.folder}\n`)],
  ["cd", cd],
  ["exit", exit],
  ["break", unwind("break")],
  ["continue", unwind("continue")],
  ["exec", ({ shell, args, stdin }) => runCommand(shell, args, stdin)],
  ["command", ({ shell, args, stdin }) => runCommand(shell, args, stdin)],
  ["time", ({ shell, args, stdin }) => runCommand(shell, args, stdin)],
  ["nohup", ({ shell, args, stdin }) => runCommand(shell, args, stdin)],
  ["timeout", timeout],
  ["which", ({ args }) => (COMMANDS.has(args[0] ?? "") ? print(`/bin/${args[0]}\n`) : 1)],
  ["grep", grep],
  ["head", ends(false)],
  ["tail", ends(true)],
  ["wc", wc],
  ["seq", seq],
  ["tee", tee],
  ["touch", touch],
  ["mkdir", mkdir],
  ["tar", tar],
  ["rm", rm],
  ["cp", cp(false)],
  ["mv", cp(true)],
  ["basename", ({ args }) => print(`${(args[0] ?? "").split("/").pop()}\n`)],
  ["read", read],
]);
