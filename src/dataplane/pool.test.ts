// Two threads over one image: each evaluates its own arena, and both find what one thread finds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ipWords } from "../base/ip.js";
import { emptyRuleset, rule } from "../netfilter/iptables/ruleset.js";
import { PROTOCOL_NUMBERS, TCP_FLAGS } from "../netfilter/packet.js";
import { PacketColumns } from "../netfilter/packet-columns.js";
import { type ArenaSite, Evaluator, shareImage } from "./evaluator.js";
import { encodeIptables } from "./iptables/encode.js";
import { WorkerPool } from "./pool.js";
import { ResultView } from "./result-view.js";

const OPTIONS = { ipvsTables: "fixed", ipvsConnectionsMax: 1024, affinityClientsMax: 128 } as const;

function image() {
  const ruleset = emptyRuleset("IPv4");
  const to = { first: "10.1.0.7", last: null, ports: { first: 8080, last: 8080 } };
  ruleset.tables
    .get("nat")
    ?.chains.get("PREROUTING")
    ?.rules.push(rule({ target: { kind: "dnat", to, options: "" } }));
  const model = { mode: "iptables", family: "IPv4", localAddresses: [], ruleset, ipsets: [] } as const;
  return encodeIptables(model, OPTIONS).image;
}

function packets(count: number, from: number): PacketColumns {
  const columns = new PacketColumns("IPv4", count);
  for (let index = 0; index < count; index++) {
    columns.source.set(ipWords(`10.2.0.${from}`), index * 4);
    columns.destination.set(ipWords("10.96.0.1"), index * 4);
    columns.sourcePort[index] = 1024 + index;
    columns.destinationPort[index] = 80;
    columns.protocol[index] = PROTOCOL_NUMBERS.tcp;
    columns.tcpFlags[index] = TCP_FLAGS.SYN;
  }
  return columns;
}

test("WorkerPool evaluates arenas in threads; results and counters stay in the shared memory", async () => {
  const counts = [300, 200];
  const shared = shareImage(
    image(),
    counts.map((count) => ({ conntrackMax: 512, packetsMax: count })),
  );
  const evaluators = shared.sites.map((site, index) => {
    const evaluator = new Evaluator(site, { seed: index, imageCapacity: 0 });
    evaluator.load(packets(counts[index] as number, index + 1));
    return evaluator;
  });
  const pool = new WorkerPool(shared.sites);
  try {
    const throughput = await pool.evaluate(counts, 3);
    assert.equal(throughput.packets, 1500);
    assert.ok(throughput.ns > 0);
  } finally {
    await pool.close();
  }
  for (const [index, count] of counts.entries()) {
    const evaluator = evaluators[index] as Evaluator;
    // Each packet is new once; the two repetitions are of known flows.
    assert.equal(evaluator.counters().ctLookups, count * 3);
    assert.equal(evaluator.counters().ctInserts, count);
    assert.equal(evaluator.counters().dnatTargets, count);
    const { arena } = shared.sites[index] as ArenaSite;
    const results = new ResultView(shared.memory.buffer, arena.results, count, "IPv4");
    assert.deepEqual(results.target(count - 1), { ip: "10.1.0.7", port: 8080 });
  }
});
