// Where packets go under ipvs: the shared table of scenarios, traced through the compiled model.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceSpec } from "../../api/types.js";
import { joinHostPort } from "../../base/ip.js";
import { Prng } from "../../base/prng.js";
import { ipvsPossibleTargets } from "../../netfilter/ipvs/stage.js";
import { createIpvsTracer } from "../../netfilter/ipvs/tracer.js";
import { SeededChance } from "../../netfilter/tracer/chance.js";
import { parsePacket } from "../../netfilter/tracer/index.js";
import {
  FLOW_GROUPS,
  flowConfig,
  type FlowCase,
  type FlowExpectation,
  type FlowGroup,
} from "../packet-flow-cases.test-data.js";
import { testService, testSlice } from "../cluster.test-data.js";
import { defaultProxyConfig } from "../default-config.js";
import { FLOW_NODE, FLOW_OBJECTS } from "../packet-flow-cluster.test-data.js";
import { buildProxyState } from "../state/build-state.js";
import { compileIpvs } from "./compile.js";

for (const group of FLOW_GROUPS) {
  const model = modelOf(group);
  for (const flow of group.cases) {
    const expected = flow.differs.ipvs ?? flow.expect;
    const skip = typeof expected === "string" ? expected : false;
    test(`ipvs, ${group.name}: ${flow.name}`, { skip }, () => {
      assert.deepEqual(traced(model, flow), expected);
    });
  }
}

function modelOf(group: FlowGroup) {
  const config = flowConfig(group, "ipvs");
  return compileIpvs(buildProxyState(FLOW_OBJECTS, config), config);
}

function traced(model: ReturnType<typeof modelOf>, { packet }: FlowCase): FlowExpectation {
  const chance = new SeededChance(new Prng(1));
  const tracer = createIpvsTracer(model, { chance, steps: true, conntrackMax: 16 });
  const { outcome, counts, steps } = tracer.send(packet, 0);
  const { verdict, target } = outcome;
  // Whether rules asked for it: a packet of the node itself has the node's address to begin with.
  const masquerade = counts.masqueradeTargets > 0;
  if (target === null) return { verdict, targets: [], masquerade };
  const targets = (ipvsPossibleTargets(model, packet) ?? [])
    .map(({ ip, port }) => joinHostPort(ip, port))
    .sort();
  assert.ok(
    targets.includes(joinHostPort(target.ip, target.port)),
    steps.map((step) => step.place).join(" "),
  );
  return { verdict, targets, masquerade };
}

// k3s's load balancer hands out the nodes' own addresses.
test("a VIP that is the node's own address keeps the node from that Service alone", () => {
  const node = FLOW_NODE.addresses[0] as string;
  const spec: ServiceSpec = {
    type: "LoadBalancer",
    clusterIP: "172.30.9.1",
    loadBalancerSourceRanges: ["203.0.113.0/24"],
  };
  const services = [testService("ns9/lb", spec, { vips: [node] })];
  const answers = (endpoints: readonly string[], destination: string) => {
    const config = defaultProxyConfig("ipvs", "IPv4", FLOW_NODE);
    const objects = { services, endpointSlices: [testSlice("ns9/lb", endpoints)], nodes: [] };
    const model = compileIpvs(buildProxyState(objects, config), config);
    const chance = new SeededChance(new Prng(1));
    const tracer = createIpvsTracer(model, { chance, steps: false, conntrackMax: 16 });
    return tracer.send(parsePacket(`tcp ${node}:40000 > ${destination} from=node`), 0).outcome.verdict;
  };
  assert.equal(answers(["10.180.9.1"], `${node}:80`), "DROP");
  assert.equal(answers(["10.180.9.1"], "172.30.9.1:80"), "DNAT");
  assert.equal(answers(["10.180.9.1"], "198.51.100.7:80"), "ACCEPT");
  // IPVS answers before the rule can drop.
  assert.equal(answers([], `${node}:80`), "REJECT");
});
