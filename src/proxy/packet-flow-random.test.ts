// Random clusters under iptables: where a packet may go follows from its Service port's endpoint lists and policies
// alone. The rules, followed packet by packet, must say the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cidrContains, knownCidr } from "../base/ip.js";
import { Prng } from "../base/prng.js";
import { TCP_FLAGS, type Packet, type Protocol } from "../netfilter/packet.js";
import { traceTargets } from "../netfilter/tracer/index.js";
import { compileIptables } from "./iptables/compile.js";
import type { Endpoint, ServiceEntry } from "./service-port.js";
import { buildProxyState } from "./state/build-state.js";
import { randomCluster, testConfig, TEST_NODE } from "./cluster.test-data.js";

const WALKS_MAX = 100;
const POD = { source: "10.200.0.1", inInterface: "veth0" };
const CLIENT = { source: "198.51.100.7", inInterface: "eth0" };

interface Expected {
  readonly verdict: "DNAT" | "DROP" | "REJECT";
  readonly targets: readonly string[];
  readonly masquerade: boolean;
}

function sent(endpoints: readonly Endpoint[], masquerade: boolean): Expected {
  return { verdict: "DNAT", targets: endpoints.map(({ text }) => text).toSorted(), masquerade };
}

function refused(entry: ServiceEntry): Expected {
  return { verdict: entry.hasAny ? "DROP" : "REJECT", targets: [], masquerade: false };
}

function fromPodToClusterIp(entry: ServiceEntry): Expected {
  if (!entry.hasInternal) return refused(entry);
  return sent(entry.port.internalPolicyLocal ? entry.local : entry.cluster, false);
}

/** To a node port or external IP. */
function fromClient(entry: ServiceEntry): Expected {
  if (!entry.hasExternal) return refused(entry);
  const { externalPolicyLocal } = entry.port;
  return sent(externalPolicyLocal ? entry.local : entry.cluster, !externalPolicyLocal);
}

/** To a VIP: source ranges stop it before anything else could. */
function fromClientToVip(entry: ServiceEntry): Expected {
  const ranges = entry.port.loadBalancerSourceRanges;
  const isAllowed =
    ranges.length === 0 || ranges.some((range) => cidrContains(knownCidr(range), CLIENT.source));
  return isAllowed || !entry.hasAny ? fromClient(entry) : { verdict: "DROP", targets: [], masquerade: false };
}

/** Every way into one service port, with what must come of it. */
function waysInto(entry: ServiceEntry): [typeof POD, string, number, Expected][] {
  const { port } = entry;
  const ways: [typeof POD, string, number, Expected][] = [
    [POD, port.clusterIP, port.port, fromPodToClusterIp(entry)],
  ];
  for (const ip of port.externalIPs) ways.push([CLIENT, ip, port.port, fromClient(entry)]);
  for (const ip of port.loadBalancerVIPs) ways.push([CLIENT, ip, port.port, fromClientToVip(entry)]);
  if (port.nodePort !== 0) ways.push([CLIENT, TEST_NODE.addresses[0]!, port.nodePort, fromClient(entry)]);
  return ways;
}

function packetTo(
  from: typeof POD,
  protocol: Protocol,
  destination: string,
  destinationPort: number,
): Packet {
  const tcpFlags = protocol === "tcp" ? TCP_FLAGS.SYN : 0;
  return { ...from, protocol, sourcePort: 40_000, destination, destinationPort, tcpFlags, payloadBytes: 0 };
}

test("packets to random Services go where policies and endpoints send them", () => {
  let packetsCount = 0;
  const verdicts = new Set<string>();
  for (let seed = 1; seed <= 25; seed++) {
    const config = testConfig({ order: "seeded", seed });
    const state = buildProxyState(randomCluster(new Prng(seed), 15), config);
    const model = compileIptables(state, config);
    for (const entry of state.entries) {
      for (const [from, ip, port, expected] of waysInto(entry)) {
        const packet = packetTo(from, entry.port.protocol.toLowerCase() as Protocol, ip, port);
        const { verdict, targets, masquerade } = traceTargets(model, packet, { walksMax: WALKS_MAX });
        assert.deepEqual(
          { verdict, targets, masquerade },
          expected,
          `seed ${seed}: ${entry.port.name} at ${ip}:${port}`,
        );
        packetsCount++;
        verdicts.add(verdict);
      }
    }
  }
  assert.ok(packetsCount > 500, `${packetsCount} packets`);
  assert.deepEqual([...verdicts].sort(), ["DNAT", "DROP", "REJECT"]);
});
