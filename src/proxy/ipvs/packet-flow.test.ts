// Where packets go under ipvs: the shared table of scenarios, traced through the compiled model.
import assert from "node:assert/strict";
import { test } from "node:test";
import { joinHostPort } from "../../base/ip.js";
import { Prng } from "../../base/prng.js";
import { ipvsPossibleTargets } from "../../netfilter/ipvs/stage.js";
import { createIpvsTracer } from "../../netfilter/ipvs/tracer.js";
import { SeededChance } from "../../netfilter/tracer/chance.js";
import {
  FLOW_GROUPS,
  flowConfig,
  type FlowCase,
  type FlowExpectation,
  type FlowGroup,
} from "../packet-flow-cases.test-data.js";
import { FLOW_OBJECTS } from "../packet-flow-cluster.test-data.js";
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
