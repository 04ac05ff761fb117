// The real kernel, asked: rules as compiled do what the tracer says, rules that are broken are caught. Needs root, or a
// user namespace, and the tools; says so when it cannot run.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { realClock } from "../../base/clock.js";
import type { Family } from "../../base/ip.js";
import { repeatScript } from "../../kernel/behaviour/repeat-script.js";
import { loadRules } from "../../kernel/host/rule-loading.js";
import { Sandbox } from "../../kernel/host/sandbox.js";
import { namespacesOf } from "../../kernel/host/topology.js";
import { TCP_FLAGS } from "../../netfilter/packet.js";
import type { BehaviourRecord, KernelPath } from "../../measure/kernel-record.js";
import { defaultProxyConfig } from "../../proxy/default-config.js";
import { nodeOf } from "../../proxy/node.js";
import { FLOW_CLUSTER_CIDRS, FLOW_NODE } from "../../proxy/packet-flow-cluster.test-data.js";
import { everyKindCluster } from "./every-kind-cluster.js";
import { FAULTS, FAULTY_CLUSTER, type Fault, faultOf } from "./faults.test-data.js";
import { MODE_OF_PATH } from "./path-rules.js";
import { verifyPath } from "./verify-path.js";

const { SYN, ACK } = TCP_FLAGS;
const SEED = Number(process.env["PLUMB_TEST_SEED"] ?? 3);
/** What the native kernel runs everywhere; mode ipvs needs ip_vs. */
const PATHS: readonly KernelPath[] = ["iptables-legacy", "iptables-nft", "nftables", "ipset"];
const FLOWS = 300;
/** A verification waits most of its time, for programs to start and for silence. */
const FAULTS_AT_ONCE = 4;

function reasonToSkip(): string | false {
  if (process.getuid?.() !== 0) return "needs root for network namespaces";
  const tools =
    "command -v ip iptables-legacy-restore ip6tables-legacy-restore iptables-nft-restore nft ipset cc nsenter";
  const probe = spawnSync("unshare", ["--net", "sh", "-c", `ip link add name probe0 type veth && ${tools}`], {
    encoding: "utf8",
  });
  if (probe.error !== undefined) return `no unshare: ${probe.error.message}`;
  return probe.status === 0
    ? false
    : `needs veth, iptables, nft, ipset and a C compiler: ${probe.stderr.trim() || "one is missing"}`;
}

const skip = reasonToSkip();
let host: Sandbox;
before(async () => {
  if (skip === false) host = await Sandbox.open("root", realClock);
});
after(async () => {
  if (skip === false) await host.close();
});

const percent = ({ agreed, flows }: BehaviourRecord) => `${agreed} of ${flows}`;

for (const path of PATHS) {
  for (const family of ["IPv4", "IPv6"] as const satisfies Family[]) {
    test(`${path}, ${family}: the kernel does what the tracer says`, { skip }, async () => {
      const objects = everyKindCluster(SEED, 48);
      const node = nodeOf(objects, null);
      const config = defaultProxyConfig(MODE_OF_PATH[path], family, node, { clusterCIDRs: objects.podCIDRs });
      const record = await verifyPath({ host, path, objects, config, seed: SEED, flows: FLOWS });
      const differences = JSON.stringify(record.mismatches, null, 1);
      assert.equal(record.agreed, record.flows, `seed ${SEED}, ${percent(record)}: ${differences}`);
      assert.equal(record.flows, FLOWS);
      assert.ok(
        record.distribution.every(({ agrees }) => agrees),
        `seed ${SEED}: ${differences}`,
      );
      assert.deepEqual(record.mismatches, []);
    });
  }

  test(`${path}: every fault is caught, with a packet that shows it`, {
    skip,
    concurrency: FAULTS_AT_ONCE,
  }, async (t) => {
    const possible = FAULTS.filter((fault) => typeof faultOf(fault, path) !== "string");
    await Promise.all(possible.map((fault) => t.test(fault.name, () => assertCaught(path, fault))));
  });
}

async function assertCaught(path: KernelPath, fault: Fault): Promise<void> {
  const record = await verifyBroken(path, fault);
  const [mismatch] = record.mismatches;
  const odds = JSON.stringify(record.distribution);
  assert.ok(mismatch !== undefined, `seed ${SEED}: not caught, ${percent(record)} flows agree, ${odds}`);
  assert.ok(fault.shows.includes(mismatch.kind), mismatch.kind);
  assert.match(mismatch.packet, /^(tcp|udp) \S+ > \S+/);
  assert.notEqual(mismatch.expected, mismatch.observed);
  assert.ok(mismatch.walk.length > 0 && mismatch.repeat.length > 0);
  assert.doesNotMatch(mismatch.repeat[0] as string, /did not come again/);
}

/** What shows only in many flows: shares, and Pods that reach themselves among all that reach somebody. */
const RARE_KINDS = ["spread", "hairpin"];

async function verifyBroken(path: KernelPath, fault: Fault): Promise<BehaviourRecord> {
  const alter = faultOf(fault, path);
  assert.ok(typeof alter !== "string");
  const config = defaultProxyConfig(MODE_OF_PATH[path], "IPv4", FLOW_NODE, {
    clusterCIDRs: FLOW_CLUSTER_CIDRS,
  });
  return await verifyPath({
    host,
    path,
    objects: FAULTY_CLUSTER,
    config,
    seed: SEED,
    flows: fault.shows.some((kind) => RARE_KINDS.includes(kind)) ? 10 * FLOWS : FLOWS,
    kinds: fault.kinds,
    mismatchesMax: 1,
    alter,
  });
}

const RUNS_MAX = 20;
const ELSEWHERE = /came out at beyond: tcp \S+ > 10\.180\.1\.5:8081/;

/** Run a script of ours and say what it printed. */
function repeated(lines: readonly string[]): string {
  const script = lines.join("\n");
  const run = spawnSync("sh", { input: script, encoding: "utf8" });
  assert.equal(run.status, 0, `${run.stderr}\n${script}`);
  return run.stdout;
}

test("the script of a mismatch shows it again", { skip }, async () => {
  const fault = FAULTS.find(({ name }) => name === "DNAT to elsewhere");
  assert.ok(fault !== undefined);
  const { mismatches } = await verifyBroken("nftables", fault);
  // Of the Service's two endpoints one is translated wrongly, and chance picks: the script is run until it is that one.
  const seen: string[] = [];
  while (seen.length < RUNS_MAX && !seen.some((text) => ELSEWHERE.test(text)))
    seen.push(repeated(mismatches[0]?.repeat ?? []));
  assert.match(seen.at(-1) ?? "", ELSEWHERE);
});

test("a script answers as an endpoint would, and goes on", { skip }, () => {
  const node = { id: "1", interfaces: ["eth0"], addresses: ["192.168.0.2"] };
  const rules =
    "*nat\n-A PREROUTING -d 10.96.0.9 -p PROTO -j DNAT --to-destination 10.0.1.2:8080\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n";
  for (const protocol of ["tcp", "udp", "sctp"] as const) {
    const texts = [{ part: "iptables", text: () => [rules.replace("PROTO", protocol)] }];
    const load = loadRules("iptables-legacy", "IPv4", texts, namespacesOf(node).node);
    const packet = {
      protocol,
      source: "203.0.113.9",
      destination: "10.96.0.9",
      destinationPort: 80,
      payloadBytes: 0,
    };
    const says = (tcpFlags: number) =>
      ({ from: "client", flow: 0, packet: { ...packet, inInterface: "eth0", tcpFlags } }) as const;
    const utterances = [says(SYN), { from: "target", tcpFlags: SYN | ACK } as const, says(ACK)];
    const conversation = { kind: "established", service: null, utterances, once: false };
    const printed = repeated(repeatScript({ family: "IPv4", node, load }, [conversation]));
    const came = [...printed.matchAll(/came out at beyond: (.*)/g)].map(([, text]) => text);
    assert.equal(came.length, 3, printed);
    assert.match(came[0] ?? "", /^\S+ 192\.168\.0\.2:\d+ > 10\.0\.1\.2:8080$/);
    assert.equal(came[1], `${protocol} 10.96.0.9:80 > 203.0.113.9:1024`);
    assert.equal(came[2], came[0]);
  }
});
