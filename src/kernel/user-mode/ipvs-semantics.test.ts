// IPVS of a real kernel against our model of it, packet by packet, in one user-mode Linux.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { realTimers } from "../../base/timers.js";
import { IPVS_SCHEDULERS, type IpvsScheduler, type VirtualServer } from "../../netfilter/ipvs/model.js";
import { type Packet, TCP_FLAGS } from "../../netfilter/packet.js";
import { findUserModeLinux } from "./installation.js";
import { IpvsNode, NODE_ADDRESSES, SOURCE_TRANSLATED } from "./ipvs-node.test-data.js";
import { UserModeKernel } from "./user-mode-kernel.js";

/** In the cluster's pod range, and outside. */
const podOf = (server: VirtualServer) => `10.180.7.${server.ip.split(".").at(-1)}`;
const STRANGER = "203.0.113.9";
const SIX_STRANGER = "2001:db8::9";
const WEIGHTED: readonly IpvsScheduler[] = ["wrr", "wlc", "sed", "nq", "sh", "mh"];

/** A service of three servers; `number` makes its address its own. */
function virtual(number: number, parts: Partial<VirtualServer> = {}): VirtualServer {
  const weights = WEIGHTED.includes(parts.scheduler ?? "rr") ? [1, 2, 3] : [1, 1, 1];
  const realServers = weights.map((weight, index) => ({ ip: `10.180.1.${index + 1}`, port: 8080, weight }));
  const base = { protocol: "udp", ip: `172.30.1.${number}`, port: 80, scheduler: "rr" } as const;
  return { ...base, persistentSeconds: null, sourcePortFlag: false, realServers, ...parts };
}

const SCHEDULED = IPVS_SCHEDULERS.flatMap((scheduler, index) => [
  virtual(index + 1, { scheduler }),
  virtual(index + 1, { scheduler, protocol: "tcp" }),
]);
/** More weights for wrr: where its very first round begins depends on the order of adding. */
const LEVELS = [
  [6, 4, 2],
  [4, 6, 9],
  [2, 0, 8],
].map((weights, index) =>
  virtual(50 + index, {
    scheduler: "wrr",
    realServers: weights.map((weight, server) => ({ ip: `10.180.1.${server + 1}`, port: 8080, weight })),
  }),
);
const SHARED_BY_PORT = (["sh", "mh"] as const).map((scheduler, index) =>
  virtual(30 + index, { scheduler, sourcePortFlag: true }),
);
const STICKY = virtual(40, { persistentSeconds: 10_800 });
const EMPTY = (["udp", "tcp"] as const).map((protocol) => virtual(41, { protocol, realServers: [] }));
const DRAINED = virtual(42, { realServers: virtual(42).realServers.map((real) => ({ ...real, weight: 0 })) });
const DRAINING = virtual(43);
const CLOSING = virtual(44, { scheduler: "lc", protocol: "tcp" });
const TWINS = [45, 46].map((number) =>
  virtual(number, { realServers: [{ ip: "10.180.1.9", port: 8080, weight: 1 }] }),
);
const ALL = [
  ...TWINS,
  ...SCHEDULED,
  ...LEVELS,
  ...SHARED_BY_PORT,
  STICKY,
  ...EMPTY,
  DRAINED,
  DRAINING,
  CLOSING,
];

const installation = findUserModeLinux();
const TOOLS = ["cc", "ipset", "iptables-legacy-restore", "ip6tables-legacy-restore", "ipvsadm"];
const absent = TOOLS.filter((tool) => spawnSync("sh", ["-c", `command -v ${tool}`]).status !== 0);
const skip = reasonToSkip();
let folder = "";
let guest: UserModeKernel;
let node: IpvsNode;

function reasonToSkip(): string | false {
  if ("reason" in installation) return `${installation.reason}: ${installation.detail}`;
  return absent.length === 0 ? false : `TOOL_MISSING: ${absent.join(", ")}`;
}

before(async () => {
  if ("reason" in installation || absent.length > 0) return;
  folder = mkdtempSync(join(tmpdir(), `plumb-kernel-${process.pid}-`));
  const options = { installation, folder, timers: realTimers, memoryMiB: 512, kernelArguments: [] };
  guest = await UserModeKernel.boot(options);
  node = await IpvsNode.open(guest, "IPv4", ALL);
});

after(async () => {
  if (folder === "") return;
  await node?.close();
  await guest?.close();
  rmSync(folder, { recursive: true });
});

function packetTo(server: VirtualServer, parts: Partial<Packet> = {}): Packet {
  const { protocol, ip: destination, port: destinationPort } = server;
  const tcpFlags = protocol === "tcp" ? TCP_FLAGS.SYN : 0;
  // A client of its own for each service: two flows of one client port to one server would clash in conntrack.
  const from = { source: podOf(server), sourcePort: 40_000, inInterface: "eth0" };
  return { protocol, destination, destinationPort, tcpFlags, ...from, payloadBytes: 4, ...parts };
}

/** First packets of flows from one client. */
function flowsTo(server: VirtualServer, count: number, firstPort = 10_000): Packet[] {
  return Array.from({ length: count }, (_, index) => packetTo(server, { sourcePort: firstPort + index }));
}

/** First packets from different clients. */
function clientsTo(server: VirtualServer, count: number): Packet[] {
  return Array.from({ length: count }, (_, index) =>
    packetTo(server, {
      source: `10.180.${20 + (index >> 8)}.${index & 255}`,
      sourcePort: clientPortOf(server),
    }),
  );
}

/** Again a service of its own each. */
const clientPortOf = (server: VirtualServer) => 40_000 + Number(server.ip.split(".").at(-1));

const serversOf = (fates: readonly string[]) =>
  [1, 2, 3].map((server) => fates.filter((fate) => fate.startsWith(`to 10.180.1.${server}:`)).length);

for (const scheduler of IPVS_SCHEDULERS)
  test(`${scheduler} sends each new flow where the model says, UDP and TCP`, { skip }, async () => {
    const servers = SCHEDULED.filter((server) => server.scheduler === scheduler);
    const packets = servers.flatMap((server) => [...flowsTo(server, 60), ...clientsTo(server, 300)]);
    const { kernel, model } = await node.send(packets);
    assert.deepEqual(kernel, model);
    assert.equal(
      serversOf(kernel).reduce((sum, flows) => sum + flows),
      packets.length,
    );
  });

for (const server of LEVELS)
  test(`wrr of weights ${server.realServers.map(({ weight }) => weight)} plays as the model says`, {
    skip,
  }, async () => {
    const { kernel, model } = await node.send(flowsTo(server, 60));
    assert.deepEqual(kernel, model);
  });

for (const server of SHARED_BY_PORT)
  test(`${server.scheduler} with the port flag spreads one client's flows as the model says`, {
    skip,
  }, async () => {
    const { kernel, model } = await node.send(flowsTo(server, 300));
    assert.deepEqual(kernel, model);
    assert.ok(
      serversOf(kernel).every((flows) => flows > 30),
      `${serversOf(kernel)}`,
    );
  });

test("one client stays with its server when sessions are sticky; clients are spread", { skip }, async () => {
  const oneClient = await node.send(flowsTo(STICKY, 30));
  assert.deepEqual(oneClient.kernel, oneClient.model);
  assert.equal(new Set(oneClient.kernel).size, 1);
  const clients = await node.send(clientsTo(STICKY, 30));
  assert.deepEqual(clients.kernel, clients.model);
  assert.deepEqual(serversOf(clients.kernel), [10, 10, 10]);
});

test("packets of a known flow go where its first went", { skip }, async () => {
  const [server] = SCHEDULED as [VirtualServer];
  const flows = flowsTo(server, 30, 20_000);
  const first = await node.send(flows);
  const again = await node.send([...flows].reverse());
  assert.deepEqual(again.kernel, [...first.kernel].reverse());
  assert.deepEqual(again.kernel, again.model);
});

test("a service without servers that take new flows refuses every packet", { skip }, async () => {
  for (const server of [...EMPTY, DRAINED]) {
    const { kernel, model } = await node.send(flowsTo(server, 20));
    assert.deepEqual(kernel, model);
    assert.deepEqual([...new Set(kernel)], ["refused 3/3"]);
  }
});

test("a port that the address does not serve is refused by the filter rules", { skip }, async () => {
  const flows = (["udp", "tcp"] as const).flatMap((protocol) =>
    flowsTo({ ...STICKY, protocol, port: 81 }, 5),
  );
  const { kernel, model } = await node.send(flows);
  assert.deepEqual(kernel, model);
  assert.deepEqual([...new Set(kernel)], ["refused 3/3"]);
});

test("clients outside the pod range are masqueraded, those inside are not", { skip }, async () => {
  const flows = SCHEDULED.slice(0, 2).flatMap((server) =>
    [STRANGER, podOf(server)].map((source) => packetTo(server, { source, sourcePort: 41_000 })),
  );
  const { kernel, model } = await node.send(flows);
  assert.deepEqual(kernel, model);
  assert.deepEqual(
    kernel.map((fate) => fate.endsWith(SOURCE_TRANSLATED)),
    [true, false, true, false],
  );
});

test("a client port that is used for a second service of the same server is told apart by another one", {
  skip,
}, async () => {
  const packets = TWINS.map((server) => packetTo(server, { source: "10.180.9.9", sourcePort: 43_000 }));
  const { kernel, model } = await node.send(packets);
  assert.deepEqual(kernel, model);
  assert.deepEqual(kernel, ["to 10.180.1.9:8080", `to 10.180.1.9:8080${SOURCE_TRANSLATED}`]);
});

test("replies come back with the virtual address, to the client that asked", { skip }, async () => {
  const [server] = SCHEDULED as [VirtualServer];
  const asked = [STRANGER, podOf(server)].map((source) => packetTo(server, { source, sourcePort: 42_000 }));
  const arrived = await node.sendToKernel(asked);
  const replies = arrived.map((packet): Packet => {
    assert.ok(packet !== undefined);
    const from = { source: packet.destination, sourcePort: packet.destinationPort };
    return packetTo(server, { ...from, destination: packet.source, destinationPort: packet.sourcePort });
  });
  assert.equal(replies[0]?.destination, NODE_ADDRESSES.IPv4);
  const seen = await node.sendToKernel(replies);
  assert.deepEqual(
    seen.map((packet) => [packet?.source, packet?.sourcePort, packet?.destination, packet?.destinationPort]),
    asked.map(({ source }) => [server.ip, server.port, source, 42_000]),
  );
});

test("a server drained to weight 0 keeps its flows and gets no new ones", { skip }, async () => {
  const flows = flowsTo(DRAINING, 30);
  const opened = await node.send(flows);
  assert.deepEqual(opened.kernel, opened.model);
  const edit = await node.runInNode(
    "ipvsadm",
    "-e",
    "-u",
    `${DRAINING.ip}:80`,
    "-r",
    "10.180.1.3:8080",
    "-m",
    "-w",
    "0",
  );
  assert.equal(edit.status, 0, edit.stderr);
  const kept = await node.send(flows);
  assert.deepEqual(kept.kernel, opened.kernel);
  assert.deepEqual(kept.model, opened.kernel);
  const fresh = await node.sendToKernel(flowsTo(DRAINING, 30, 15_000));
  const shares = [1, 2, 3].map(
    (n) => fresh.filter((packet) => packet?.destination === `10.180.1.${n}`).length,
  );
  assert.deepEqual(shares.at(-1), 0);
  assert.equal(shares[0], 15, `${shares}`);
});

test("lc counts closing connections for less, as the model does", { skip }, async () => {
  const opened = flowsTo(CLOSING, 30);
  const first = await node.send(opened);
  const ofOne = opened.filter((_, index) => first.kernel[index] === "to 10.180.1.1:8080");
  const closing = ofOne.map((packet) => ({ ...packet, tcpFlags: TCP_FLAGS.FIN | TCP_FLAGS.ACK }));
  const { kernel, model } = await node.send([...closing, ...flowsTo(CLOSING, 30, 15_000)]);
  assert.deepEqual(kernel, model);
  assert.ok((serversOf(kernel.slice(closing.length))[0] as number) > 15, `${serversOf(kernel)}`);
});

/** What differs between the families: how addresses are folded, and which ICMP refuses. */
test("IPv6 flows go where the model says, are masqueraded and refused like those of IPv4", {
  skip,
}, async () => {
  const six = (number: number, scheduler: IpvsScheduler) => ({
    ...virtual(number, { scheduler }),
    ip: `fd00:172:30::${number}`,
    realServers: [1, 2, 3].map((weight) => ({ ip: `fd00:10:181::${weight}`, port: 8080, weight })),
  });
  const services = IPVS_SCHEDULERS.map((scheduler, index) => six(index + 1, scheduler));
  const empty = { ...six(40, "rr"), realServers: [] };
  const sixNode = await IpvsNode.open(guest, "IPv6", [...services, empty]);
  try {
    const packets = [...services, empty].flatMap((server, index) => {
      const clients = Array.from({ length: 200 }, (_, client) => `fd00:10:180::${(client + 1).toString(16)}`);
      return [...clients, SIX_STRANGER].map((source) =>
        packetTo(server, { source, sourcePort: 40_000 + index }),
      );
    });
    const { kernel, model } = await sixNode.send(packets);
    assert.deepEqual(kernel, model);
    const fatesOf = (destination: string) =>
      kernel.filter((_, index) => packets[index]?.destination === destination);
    assert.deepEqual([...new Set(fatesOf(empty.ip))], ["refused 1/4"]);
    for (const { ip } of services) assert.ok(fatesOf(ip).at(-1)?.endsWith(SOURCE_TRANSLATED));
  } finally {
    await sixNode.close();
  }
});
