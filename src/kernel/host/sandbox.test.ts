// What the sandbox promises: commands run inside, nothing is made outside, and nothing outlives it, not even when this
// process is killed.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { realClock } from "../../base/clock.js";
import { findCapabilities } from "./capabilities.js";
import { runCommand, runCommands } from "./run-commands.js";
import { loadRules } from "./rule-loading.js";
import { Sandbox } from "./sandbox.js";
import { makeNode, namespacesOf, removeNode } from "./topology.js";

const { privilege, paths, missing } = await findCapabilities(realClock);
const skip = privilege === null ? `cannot open a sandbox: ${missing[0]?.detail}` : false;
const open = () => Sandbox.open(privilege ?? "root", realClock);
const NODE = { id: "t", interfaces: ["eth0", "cni0"], addresses: ["192.168.0.2", "fd00:192::2"] } as const;

const outside = () => spawnSync("ip", ["-o", "link"], { encoding: "utf8" }).stdout;

test("a node is made in the sandbox, with its addresses, and taken away again", { skip }, async () => {
  const before = outside();
  const sandbox = await open();
  try {
    await runCommands(sandbox, makeNode(NODE));
    const { node } = namespacesOf(NODE);
    const { stdout } = await runCommand(sandbox, { netns: node, argv: ["ip", "-o", "addr", "show", "out"] });
    for (const address of NODE.addresses) assert.match(stdout, new RegExp(`${address}/`));
    assert.equal(outside(), before, "the machine's own network namespace is not touched");
    assert.equal(spawnSync("ip", ["netns"], { encoding: "utf8" }).stdout.includes(node), false);
    await runCommands(sandbox, removeNode(NODE));
    assert.equal((await runCommand(sandbox, { argv: ["ip", "netns"] })).stdout, "");
  } finally {
    await sandbox.close();
  }
});

test("a command that fails is an error that names it and what the tool said", { skip }, async () => {
  const sandbox = await open();
  try {
    const command = { argv: ["ip", "link", "add", "x", "type", "nonsense"] } as const;
    await assert.rejects(runCommand(sandbox, command), /Cannot run 'ip link add x type nonsense': .+/);
    const [bad] = loadRules(
      "iptables-legacy",
      "IPv4",
      [{ part: "iptables", text: () => ["*nat\n-A NOWHERE\n"] }],
      "none",
    );
    assert.ok(bad !== undefined);
    assert.notEqual((await sandbox.run(bad)).status, 0);
  } finally {
    await sandbox.close();
  }
});

test("what was running in a sandbox ends with it", { skip }, async () => {
  const sandbox = await open();
  const sleeper = sandbox.start({ argv: ["sleep", "1000"] });
  await sandbox.close();
  assert.notEqual((await sleeper.ended).status, 0);
});

test("kill -9 of the process that opened it leaves nothing", { skip }, async () => {
  const url = new URL("./sandbox.js", import.meta.url).href;
  const clock = new URL("../../base/clock.js", import.meta.url).href;
  const script = `
    import { Sandbox } from ${JSON.stringify(url)};
    import { realClock } from ${JSON.stringify(clock)};
    const sandbox = await Sandbox.open(${JSON.stringify(privilege)}, realClock);
    sandbox.start({ argv: ["sleep", "98765"] });
    process.stdout.write("open");`;
  const owner = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(owner.stdout, "data");
  const alive = () => spawnSync("pgrep", ["-f", "^sleep 98765$"]).status === 0;
  for (let tries = 0; tries < 100 && !alive(); tries++) await wait(20);
  assert.ok(alive(), "the command runs");
  owner.kill("SIGKILL");
  await once(owner, "exit");
  for (let tries = 0; tries < 200 && alive(); tries++) await wait(20);
  assert.equal(alive(), false, "the command was killed with the sandbox");
});

test("every path that cannot be loaded here says why", { skip }, () => {
  assert.ok(paths.length > 0, JSON.stringify(missing));
  for (const { what, reason, detail } of missing) assert.ok(detail.length > 0, `${what}: ${reason}`);
});
