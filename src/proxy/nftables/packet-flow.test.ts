import assert from "node:assert/strict";
import { test } from "node:test";
import { joinHostPort } from "../../base/ip.js";
import { createNftTracer } from "../../netfilter/nftables/tracer.js";
import type { Packet } from "../../netfilter/packet.js";
import type { NftablesModel } from "../../netfilter/rule-model.js";
import { explore } from "../../netfilter/tracer/chance.js";
import type { ProxyConfig } from "../config.js";
import {
  FLOW_GROUPS,
  flowConfig,
  type FlowExpectation,
  type FlowGroup,
} from "../packet-flow-cases.test-data.js";
import { FLOW_OBJECTS } from "../packet-flow-cluster.test-data.js";
import { buildProxyState } from "../state/build-state.js";
import { compileNftables } from "./compile.js";

/** All paths of a packet are explored; no case has as many. */
const WALKS_MAX = 100;

const LAYOUTS = [
  { layout: "1.36", directSingleEndpoint: false },
  { layout: "1.36", directSingleEndpoint: true },
  { layout: "1.35", directSingleEndpoint: false },
] as const;

for (const nftables of LAYOUTS) {
  const name = nftables.directSingleEndpoint ? "1.37" : nftables.layout;
  for (const group of FLOW_GROUPS) {
    const model = modelOf(group, nftables);
    for (const { name: packetName, packet, expect, differs } of group.cases) {
      const own = differs.nftables ?? expect;
      const skip = typeof own === "string" ? own : false;
      test(`${name}, ${group.name}: ${packetName}`, { skip }, () => {
        assert.deepEqual(outcomeOf(model, packet), own);
      });
    }
  }
}

function modelOf(group: FlowGroup, nftables: Partial<ProxyConfig["nftables"]>): NftablesModel {
  const base = flowConfig(group, "nftables");
  const config = { ...base, nftables: { ...base.nftables, ...nftables } };
  return compileNftables(buildProxyState(FLOW_OBJECTS, config), config);
}

function outcomeOf(model: NftablesModel, packet: Packet): FlowExpectation {
  const traces = explore(
    (chance) => createNftTracer(model, { chance, steps: false, conntrackMax: 16 }).send(packet, 0),
    WALKS_MAX,
  );
  const outcomes = traces.map(({ outcome }) => outcome);
  const [first] = outcomes;
  assert.ok(first);
  for (const { verdict } of outcomes) assert.equal(verdict, first.verdict);
  const targets = outcomes.flatMap(({ target }) =>
    target === null ? [] : [joinHostPort(target.ip, target.port)],
  );
  return {
    verdict: first.verdict,
    targets: [...new Set(targets)].sort(),
    // Whether rules asked for it: a packet of the node itself has the node's address to begin with.
    masquerade: traces.some(({ counts }) => counts.masqueradeTargets > 0),
  };
}
