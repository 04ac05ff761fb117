// The native kernel, in namespaces of our own: a shell that is process 1 of a new PID namespace, with a network and a
// mount namespace where /run is an empty tmpfs. Named network namespaces live under that /run.
// Why so: nothing is made in the host's own network namespace, and nothing can be left behind. The shell waits for the
// end of its standard input, which is a pipe from this process; when this process ends, however it ends, the kernel
// closes the pipe, the shell exits, everything in its PID namespace is killed, and with the last process the mounts
// and network namespaces go.
//
//   plumb --pipe--> unshare --> sh (pid 1, waits) : /run/netns/{plumb-1-node, ...}
//      \-- nsenter --> command                    : each command enters the shell's namespaces
//
// Root needs nothing else. Others get a user namespace in which they are root, where the host allows it.
// Cost: a command takes about 5 ms to enter the namespaces.
import { type ChildProcess, spawn } from "node:child_process";
import { PlumbError } from "../../base/errors.js";
import type { Clock } from "../../base/clock.js";
import type { Command, CommandResult, HostProcess, KernelHost } from "./command.js";

export type Privilege = "root" | "user-namespace";

/** `read` is the shell's own, so that /proc/self is the shell; /proc is still the outer one then. */
const SHELL = [
  "read -r pid rest < /proc/self/stat",
  "mount --make-rprivate /",
  "mount -t tmpfs plumb /run",
  "mkdir /run/netns",
  "mount -t proc proc /proc",
  "ip link set lo up",
  "echo ready $pid",
  "exec cat > /dev/null",
].join(" && ");

export class Sandbox implements KernelHost {
  readonly kind = "native";
  readonly #shell: ChildProcess;
  readonly #enter: readonly string[];
  readonly #clock: Clock;

  private constructor(shell: ChildProcess, enter: readonly string[], clock: Clock) {
    this.#shell = shell;
    this.#enter = enter;
    this.#clock = clock;
  }

  /** @throws {PlumbError} Internal, with what the kernel said, where namespaces cannot be made */
  static async open(privilege: Privilege, clock: Clock): Promise<Sandbox> {
    const user = privilege === "root" ? [] : ["--user", "--map-root-user"];
    const argv = [...user, "--mount", "--net", "--pid", "--fork", "--kill-child", "--", "sh", "-c", SHELL];
    const shell = spawn("unshare", argv, { stdio: ["pipe", "pipe", "pipe"] });
    const pid = await shellPid(shell);
    const enterUser = privilege === "root" ? [] : ["--user", "--preserve-credentials"];
    return new Sandbox(shell, ["--target", pid, ...enterUser, "--mount", "--net", "--pid", "--"], clock);
  }

  async run(command: Command): Promise<CommandResult> {
    const begin = this.#clock.milliseconds();
    const process = this.start(command);
    let stdout = "";
    process.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    feed(process, command);
    const { status, stderr } = await process.ended;
    return { status, stdout, stderr, ms: this.#clock.milliseconds() - begin };
  }

  start({ argv, netns }: Command): HostProcess {
    const inside = netns === undefined ? argv : ["nsenter", `--net=/run/netns/${netns}`, "--", ...argv];
    const child = spawn("nsenter", [...this.#enter, ...inside], { stdio: ["pipe", "pipe", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const ended = new Promise<{ status: number; stderr: string }>((resolve) => {
      child.on("error", (error) => resolve({ status: 127, stderr: error.message }));
      child.on("close", (code, signal) => resolve({ status: code ?? 128, stderr: stderr || (signal ?? "") }));
    });
    // A program that ends before it has read everything says so by its status.
    child.stdin.on("error", () => undefined);
    return { stdin: child.stdin, stdout: child.stdout, ended, kill: () => void child.kill("SIGKILL") };
  }

  async close(): Promise<void> {
    if (this.#shell.exitCode !== null) return;
    const closed = new Promise((resolve) => this.#shell.once("close", resolve));
    this.#shell.stdin?.end();
    await closed;
  }
}

function feed(process: HostProcess, { stdin }: Command): void {
  if (stdin !== undefined) for (const chunk of stdin()) process.stdin.write(chunk);
  process.stdin.end();
}

function shellPid(shell: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    const fail = (why: string) =>
      reject(
        new PlumbError("Internal", `Cannot make network namespaces: ${why.trim()}`, {
          hint: "run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1)",
        }),
      );
    shell.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    shell.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      const [, pid] = /^ready (\d+)\n/.exec(stdout) ?? [];
      if (pid !== undefined) resolve(pid);
    });
    shell.on("error", (error) => fail(error.message));
    shell.on("close", (code) => fail(stderr || `unshare ended with ${code}`));
  });
}
