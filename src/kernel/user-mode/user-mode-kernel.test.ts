// One guest: what goes in comes out, byte by byte, and nothing is left of it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Prng } from "../../base/prng.js";
import { delay, realTimers } from "../../base/timers.js";
import type { Command } from "../host/command.js";
import { findUserModeLinux } from "./installation.js";
import { UserModeKernel, type UserModeOptions } from "./user-mode-kernel.js";

const SEED = 20_261_126;
const installation = findUserModeLinux();
const skip = "reason" in installation ? `${installation.reason}: ${installation.detail}` : false;
let folder = "";
let guest: UserModeKernel;

before(async () => {
  if ("reason" in installation) return;
  folder = mkdtempSync(join(tmpdir(), `plumb-kernel-${process.pid}-`));
  guest = await UserModeKernel.boot(optionsFor(folder));
});

after(async () => {
  if (folder === "") return;
  await guest?.close();
  rmSync(folder, { recursive: true });
});

function optionsFor(shared: string): UserModeOptions {
  assert.ok(!("reason" in installation));
  return { installation, folder: shared, timers: realTimers, memoryMiB: 256, kernelArguments: [] };
}

async function outcomeOf(command: Command) {
  const { status, stdout, stderr } = await guest.run(command);
  return { status, stdout, stderr };
}

/** A program's whole life: what it writes when it is given `input` and then its end. */
async function converse(argv: Command["argv"], input: Uint8Array) {
  const program = guest.start({ argv });
  const chunks: Buffer[] = [];
  program.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  program.stdin.end(input);
  const { status, stderr } = await program.ended;
  return { status, stderr, output: Buffer.concat(chunks) };
}

function randomBytes(count: number): Uint8Array {
  const prng = new Prng(SEED);
  return Uint8Array.from({ length: count }, () => prng.below(256));
}

test("a command gives its output, what it said and its status", { skip }, async () => {
  assert.deepEqual(await outcomeOf({ argv: ["sh", "-c", "echo out; echo err >&2; exit 3"] }), {
    status: 3,
    stdout: "out\n",
    stderr: "err\n",
  });
  const echoed = await outcomeOf({ argv: ["cat"], stdin: () => ["a\n", "it's b\n"] });
  assert.deepEqual(echoed, { status: 0, stdout: "a\nit's b\n", stderr: "" });
  const words = ["a b", "'", "$HOME", "\\", ""];
  const printed = await outcomeOf({ argv: ["printf", "%s|", ...words] });
  assert.equal(printed.stdout, `${words.join("|")}|`);
});

test("a command named like a shell's builtin is the program, which may be missing", {
  skip,
}, async () => {
  assert.equal((await outcomeOf({ argv: ["kill", "--version"] })).status, 0);
  // 126 where a folder of PATH may not be looked into.
  assert.ok([126, 127].includes((await outcomeOf({ argv: ["exit", "5"] })).status));
  assert.equal((await outcomeOf({ argv: ["true"] })).status, 0, "the guest's shell is still there");
});

test("the guest's kernel is another one, with IPVS, and every module came up", { skip }, async () => {
  assert.ok(!("reason" in installation));
  assert.equal((await outcomeOf({ argv: ["uname", "-r"] })).stdout.trim(), installation.version);
  assert.match((await outcomeOf({ argv: ["cat", "/proc/net/ip_vs"] })).stdout, /IP Virtual Server/);
  assert.equal(guest.moduleErrors, "");
});

test("commands run in the namespace they name", { skip }, async () => {
  assert.equal((await outcomeOf({ argv: ["ip", "netns", "add", "there"] })).status, 0);
  const links = async (netns: string) => (await outcomeOf({ netns, argv: ["ip", "-o", "link"] })).stdout;
  await outcomeOf({ netns: "there", argv: ["ip", "link", "add", "d0", "type", "dummy"] });
  assert.match(await links("there"), /d0/);
  assert.doesNotMatch((await outcomeOf({ argv: ["ip", "-o", "link"] })).stdout, /d0/);
});

test("the shared folder is writable on both sides, the rest of the host is not", { skip }, async () => {
  writeFileSync(join(folder, "from-host"), "hello");
  await outcomeOf({ argv: ["cp", join(folder, "from-host"), join(folder, "from-guest")] });
  assert.equal(readFileSync(join(folder, "from-guest"), "utf8"), "hello");
  const outside = join(tmpdir(), `plumb-outside-${process.pid}`);
  assert.equal((await outcomeOf({ argv: ["touch", outside] })).status, 1);
  assert.equal(existsSync(outside), false);
});

test("commands given at once are carried out in order", { skip }, async () => {
  const file = join(folder, "order");
  const append = (word: string) => guest.run({ argv: ["sh", "-c", `echo ${word} >> ${file}`] });
  await Promise.all(["a", "b", "c", "d"].map(append));
  assert.equal(readFileSync(file, "utf8"), "a\nb\nc\nd\n");
});

test("programs pass every byte both ways, however many and however often", { skip }, async () => {
  for (const count of [0, 1, 4095, 4096, 300_000, 9]) {
    const input = randomBytes(count);
    const { status, output } = await converse(["cat"], input);
    assert.equal(status, 0);
    assert.ok(output.equals(input), `${count} bytes, seed ${SEED}`);
  }
});

test("a program answers while it runs, and commands run beside it", { skip }, async () => {
  const program = guest.start({ argv: ["cat"] });
  for (const word of ["one", "two"]) {
    program.stdin.write(word);
    const answer = await new Promise<Buffer>((resolve) => program.stdout.once("data", resolve));
    assert.equal(answer.toString(), word);
    assert.equal((await outcomeOf({ argv: ["true"] })).status, 0);
  }
  program.stdin.end();
  assert.deepEqual(await program.ended, { status: 0, stderr: "" });
});

test("what a program writes last is not lost, and what it does not read does no harm", { skip }, async () => {
  const script = "head -c 1000000 /dev/zero; echo bad >&2; exit 7";
  const { status, stderr, output } = await converse(["sh", "-c", script], randomBytes(50_000));
  assert.deepEqual([status, stderr, output.length], [7, "bad\n", 1_000_000]);
});

test("a program can be killed, before and after it has begun, and its line serves others", {
  skip,
}, async () => {
  for (let round = 0; round < 9; round++) {
    const program = guest.start({ argv: ["sleep", "100"] });
    if (round % 2 === 1) await outcomeOf({ argv: ["true"] });
    program.kill();
    assert.equal((await program.ended).status, 137);
  }
});

test("more programs than there are lines are refused with a message", { skip }, async () => {
  const programs = Array.from({ length: 8 }, () => guest.start({ argv: ["cat"] }));
  assert.throws(() => guest.start({ argv: ["cat"] }), { code: "LimitExceeded", message: /8 serial lines/ });
  for (const program of programs) program.stdin.end();
  const ends = await Promise.all(programs.map(({ ended }) => ended));
  assert.ok(ends.every(({ status }) => status === 0));
});

test("closing ends what is under way and leaves nothing behind", { skip }, async () => {
  const shared = mkdtempSync(join(folder, "closing-"));
  const other = await UserModeKernel.boot(optionsFor(shared));
  const command = assert.rejects(other.run({ argv: ["sleep", "100"] }), {
    code: "Internal",
    message: /has ended/,
  });
  const program = other.start({ argv: ["cat"] });
  await other.close();
  await command;
  assert.equal((await program.ended).status, 128);
  assert.deepEqual(readdirSync(shared), []);
  assert.deepEqual(processesOf(shared), []);
});

test("the guest dies with the process that booted it, even by SIGKILL", { skip }, async () => {
  const shared = mkdtempSync(join(folder, "orphan-"));
  const code = `
    const { UserModeKernel } = await import(${JSON.stringify(new URL("./user-mode-kernel.js", import.meta.url).href)});
    const { realTimers } = await import(${JSON.stringify(new URL("../../base/timers.js", import.meta.url).href)});
    await UserModeKernel.boot({ ...${JSON.stringify(optionsFor(shared))}, timers: realTimers });
    process.stdout.write("up");`;
  const owner = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => owner.stdout.once("data", resolve));
  assert.notDeepEqual(processesOf(shared), []);
  owner.kill("SIGKILL");
  for (let wait = 0; wait < 100 && processesOf(shared).length > 0; wait++) await delay(realTimers, 20);
  assert.deepEqual(processesOf(shared), []);
});

test("a kernel that does not come up is a message with what it said", { skip }, async () => {
  const shared = mkdtempSync(join(folder, "broken-"));
  const options = { ...optionsFor(shared), memoryMiB: 1 };
  await assert.rejects(UserModeKernel.boot(options), { code: "Internal", message: /it said: \S/ });
  assert.deepEqual(readdirSync(shared), []);
});

/** Processes, other than zombies, with the folder among their arguments. */
function processesOf(shared: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      const text = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return text.includes(`uml_dir=${shared}`);
    } catch {
      return false;
    }
  });
}
