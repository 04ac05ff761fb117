// The packet flows under iptables and userspace; ipvs and nftables go through the same table in their own folders.
import assert from "node:assert/strict";
import { test } from "node:test";
import { joinHostPort } from "../base/ip.js";
import type { Packet } from "../netfilter/packet.js";
import type { Mode, RuleModel } from "../netfilter/rule-model.js";
import { explore } from "../netfilter/tracer/chance.js";
import { createTracer, traceTargets } from "../netfilter/tracer/index.js";
import { COMPILERS } from "./modes.js";
import {
  FLOW_GROUPS,
  flowConfig,
  type FlowExpectation,
  type FlowGroup,
} from "./packet-flow-cases.test-data.js";
import { FLOW_OBJECTS } from "./packet-flow-cluster.test-data.js";
import { buildProxyState } from "./state/build-state.js";

/** No case has as many paths. */
const WALKS_MAX = 100;

for (const mode of ["iptables", "userspace"] as const) {
  for (const group of FLOW_GROUPS) {
    const model = modelOf(group, mode);
    for (const { name, packet, expect, differs } of group.cases) {
      const own = differs[mode] ?? expect;
      const skip = typeof own === "string" ? own : false;
      test(`${mode}, ${group.name}: ${name}`, { skip }, () => {
        assert.deepEqual(outcomeOf(model, packet), mode === "userspace" ? withoutMasquerade(own) : own);
      });
    }
  }
}

function modelOf(group: FlowGroup, mode: Mode): RuleModel {
  const config = flowConfig(group, mode);
  return COMPILERS[mode].compile(buildProxyState(FLOW_OBJECTS, config), config);
}

function outcomeOf(model: RuleModel, packet: Packet): FlowExpectation {
  const { verdict, targets, partial } = traceTargets(model, packet, { walksMax: WALKS_MAX });
  assert.equal(partial, false);
  // Whether rules asked for it: a packet of the node itself has the node's address to begin with.
  const masquerades = explore((chance) => {
    const { outcome, counts } = createTracer(model, { chance, steps: false, conntrackMax: 16 }).send(
      packet,
      0,
    );
    assert.equal(outcome.verdict, verdict, "every path ends alike");
    return counts.masqueradeTargets > 0;
  }, WALKS_MAX);
  assert.equal(new Set(masquerades).size, 1, "every path masquerades, or none");
  return { verdict, targets, masquerade: masquerades[0] ?? false };
}

/** The proxy opens its own connections, so no rule masquerades. */
function withoutMasquerade(expected: FlowExpectation | string): FlowExpectation | string {
  return typeof expected === "string" ? expected : { ...expected, masquerade: false };
}

test("a hairpin flow is masqueraded on the path to itself only", () => {
  const group = FLOW_GROUPS[0]!;
  const model = modelOf(group, "iptables");
  const [toTwo] = group.cases.filter(({ packet }) => packet.destination === "172.30.0.42");
  const packet = { ...toTwo!.packet, source: "10.180.0.4" };
  const masqueraded = explore((chance) => {
    const { outcome, counts } = createTracer(model, { chance, steps: false, conntrackMax: 16 }).send(
      packet,
      0,
    );
    const { ip, port } = outcome.target!;
    return [joinHostPort(ip, port), counts.masqueradeTargets > 0];
  }, WALKS_MAX);
  assert.deepEqual(
    new Map(masqueraded as [string, boolean][]),
    new Map([
      ["10.180.0.4:8080", true],
      ["10.180.1.5:8080", false],
    ]),
  );
});
