// An image changed under a worker that has connections, on models small enough to follow by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SERVICE_BYTES } from "../../../asm/abi/ipvs.js";
import { ipWords } from "../../base/ip.js";
import type { IpvsScheduler, VirtualServer } from "../../netfilter/ipvs/model.js";
import { PacketColumns } from "../../netfilter/packet-columns.js";
import { PROTOCOL_NUMBERS, TCP_FLAGS } from "../../netfilter/packet.js";
import type { IpvsChange } from "../../netfilter/rule-change.js";
import type { IpvsModel } from "../../netfilter/rule-model.js";
import { createEvaluator, type Evaluator } from "../evaluator.js";
import { encodeIpvs } from "./encode.js";

const { SYN, ACK } = TCP_FLAGS;
const VIP = "10.96.0.1";
const OPTIONS = { ipvsTables: "resizable", ipvsConnectionsMax: 256, affinityClientsMax: 64 } as const;

function virtual(hosts: readonly number[], parts: Partial<VirtualServer> = {}): VirtualServer {
  const realServers = hosts.map((host) => ({ ip: `10.1.0.${host}`, port: 8080, weight: 1 }));
  const base = {
    protocol: "tcp",
    ip: VIP,
    port: 80,
    scheduler: "rr" as IpvsScheduler,
    persistentSeconds: null,
  } as const;
  return { ...base, sourcePortFlag: false, realServers, ...parts };
}

function modelOf(...virtualServers: VirtualServer[]): IpvsModel {
  const localAddresses = ["192.168.0.2", ...new Set(virtualServers.map(({ ip }) => ip))];
  const ruleset = { family: "IPv4", tables: new Map() } as const;
  return { mode: "ipvs", family: "IPv4", ruleset, ipsets: [], localAddresses, virtualServers };
}

function changeOf(parts: Partial<IpvsChange>): IpvsChange {
  return { mode: "ipvs", virtualServers: [], removedServers: [], sets: [], chains: [], ...parts };
}

/** A core with its image, and packets for it. */
function setUp(model: IpvsModel) {
  const encoder = encodeIpvs(model, OPTIONS);
  const sizes = { conntrackMax: 1024, packetsMax: 4, seed: 1 };
  let evaluator = createEvaluator(encoder.image, sizes);
  return {
    send: (sourcePort: number, tcpFlags: number, to = VIP, timeMs = 0) =>
      send(evaluator, { sourcePort, tcpFlags, to, timeMs }),
    update(change: Partial<IpvsChange>) {
      encoder.update(changeOf(change));
      evaluator.replaceImage(encoder.image);
    },
    /** After a change that outgrew the worker's private regions. */
    updateAndRenew(change: Partial<IpvsChange>) {
      encoder.update(changeOf(change));
      evaluator = createEvaluator(encoder.image, sizes);
    },
    get bytes() {
      return encoder.image.bytes.length;
    },
  };
}

interface Sent {
  readonly sourcePort: number;
  readonly tcpFlags: number;
  readonly to: string;
  readonly timeMs: number;
}

/** Last byte of the server that took the packet, else verdict and reason. */
function send(evaluator: Evaluator, { sourcePort, tcpFlags, to, timeMs }: Sent): number | string {
  const columns = new PacketColumns("IPv4", 1);
  columns.source.set(ipWords("10.2.0.1"));
  columns.destination.set(ipWords(to));
  columns.sourcePort[0] = sourcePort;
  columns.destinationPort[0] = 80;
  columns.protocol[0] = PROTOCOL_NUMBERS.tcp;
  columns.tcpFlags[0] = tcpFlags;
  columns.timeMs[0] = timeMs;
  evaluator.load(columns);
  evaluator.evaluate();
  const { verdict, reason, target } = evaluator.results.outcome(0);
  return target === null ? `${verdict} ${reason}` : Number(target.ip.split(".")[3]);
}

test("connections stay on their servers when others come and go", () => {
  const core = setUp(modelOf(virtual([1, 2, 3])));
  assert.deepEqual([core.send(1, SYN), core.send(2, SYN), core.send(3, SYN)], [3, 2, 1]);
  core.update({ virtualServers: [virtual([1, 3, 4, 5, 6, 7, 8, 9])] });
  assert.equal(core.send(1, ACK), 3);
  assert.equal(core.send(3, ACK), 1);
  // The scheduler starts over with the changed list.
  assert.deepEqual([core.send(4, SYN), core.send(5, SYN)], [9, 8]);
});

test("a connection whose server is gone ends, and its flow in conntrack: one packet is lost, the next opens anew", () => {
  const core = setUp(modelOf(virtual([1, 2])));
  assert.equal(core.send(1, SYN), 2);
  core.update({ virtualServers: [virtual([1])] });
  assert.equal(core.send(1, SYN), "DROP no-endpoint");
  assert.equal(core.send(1, SYN), 1);
});

test("weights change in place, and the least loaded is still counted over the change", () => {
  const lc = { scheduler: "lc" } as const;
  const core = setUp(modelOf(virtual([1, 2], lc)));
  assert.deepEqual([core.send(1, SYN), core.send(2, SYN), core.send(3, SYN)], [2, 1, 2]);
  core.update({ virtualServers: [virtual([1, 2, 3], lc)] });
  // Loads are 1, 2 and 0 (server 3 is new).
  assert.deepEqual([core.send(4, SYN), core.send(5, SYN), core.send(6, SYN)], [3, 3, 1]);
});

test("services are added, replaced and removed, past the size the image was made for", () => {
  const first = Array.from({ length: 10 }, (_, index) => virtual([1], { ip: `10.96.1.${index}` }));
  const core = setUp(modelOf(...first));
  const local = modelOf(...first).localAddresses;
  assert.equal(core.send(1, SYN, "10.96.1.5"), 1);
  for (let index = 0; index < 10; index += 2)
    core.update({ removedServers: [first[index] as VirtualServer] });
  assert.equal(
    core.send(2, SYN, "10.96.1.4"),
    "ACCEPT none",
    "its address is still local, its service is gone",
  );
  core.update({ virtualServers: [virtual([7, 8], { ip: "10.96.1.5" })] });
  assert.equal(core.send(3, SYN, "10.96.1.5"), 8);
  const more = Array.from({ length: 200 }, (_, index) =>
    virtual([9], { ip: local[1] as string, port: 1000 + index }),
  );
  core.updateAndRenew({ virtualServers: more });
  assert.equal(core.send(4, SYN, "10.96.1.7"), 1);
  assert.equal(core.send(5, SYN, "10.96.1.5"), 8);
});

test("replacing one service over and over takes no more room", () => {
  const core = setUp(modelOf(virtual([1, 2, 3, 4], { scheduler: "sh" }), virtual([1], { ip: "10.96.0.2" })));
  core.update({ virtualServers: [virtual([2, 3, 4, 5], { scheduler: "sh" })] });
  const before = core.bytes;
  for (let round = 0; round < 50; round++) {
    const hosts = [1, 2, 3, 4].map((host) => host + (round % 7));
    core.update({ virtualServers: [virtual(hosts, { scheduler: round % 2 ? "sh" : "rr" })] });
  }
  assert.ok(core.bytes <= before + SERVICE_BYTES, `${core.bytes} bytes, ${before} before`);
});

test("addresses of KUBE-IPVS-IPS become local, and stop being so", () => {
  const set = (elements: readonly string[]) => ({
    name: "KUBE-IPVS-IPS",
    type: "hash:ip" as const,
    family: "inet" as const,
    hashSize: 1024,
    elementsMax: 65536,
    range: null,
    comment: null,
    elements: new Set(elements),
  });
  const core = setUp({ ...modelOf(virtual([1])), ipsets: [set([VIP])] });
  const other = virtual([5], { ip: "10.96.0.2" });
  assert.equal(core.send(1, SYN, "10.96.0.2"), "ACCEPT none");
  core.update({ virtualServers: [other], sets: [{ name: "KUBE-IPVS-IPS", add: ["10.96.0.2"], remove: [] }] });
  assert.equal(core.send(2, SYN, "10.96.0.2"), 5);
  core.update({ sets: [{ name: "KUBE-IPVS-IPS", add: [], remove: ["10.96.0.2"] }] });
  assert.equal(core.send(3, SYN, "10.96.0.2"), "ACCEPT none", "routed on, past INPUT");
});
