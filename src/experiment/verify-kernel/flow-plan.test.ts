import assert from "node:assert/strict";
import { test } from "node:test";
import type { Family } from "../../base/ip.js";
import type { Conversation } from "../../kernel/behaviour/conversation.js";
import { UTTERANCES_MAX } from "../../kernel/behaviour/conversation.js";
import { defaultProxyConfig } from "../../proxy/default-config.js";
import { nodeOf } from "../../proxy/node.js";
import { buildProxyState } from "../../proxy/state/build-state.js";
import { everyKindCluster } from "./every-kind-cluster.js";
import { FLOW_KINDS } from "./flow-kinds.js";
import { flowPlan } from "./flow-plan.js";

const FAMILIES: readonly Family[] = ["IPv4", "IPv6"];

function planOf(
  seed: number,
  family: Family,
  options: { readonly kinds?: readonly string[]; readonly services?: number } = {},
) {
  const objects = everyKindCluster(seed, options.services ?? 60);
  const node = nodeOf(objects, null);
  const config = defaultProxyConfig("iptables", family, node, { clusterCIDRs: objects.podCIDRs });
  const { kinds } = options;
  return flowPlan(objects, buildProxyState(objects, config), config, {
    seed,
    ...(kinds === undefined ? {} : { kinds }),
  });
}

function draw(plan: ReturnType<typeof flowPlan>, count: number): Conversation[] {
  return Array.from({ length: count }, () => plan.next()).filter((it) => it !== null);
}

for (const family of FAMILIES) {
  test(`every kind comes up, in ${family}, whatever the seed`, () => {
    const wanted = FLOW_KINDS.map(({ name }) => name).filter(
      (name) => family === "IPv4" || name !== "localhost",
    );
    for (let seed = 1; seed <= 10; seed++) {
      const kinds = new Set(draw(planOf(seed, family), 3000).map(({ kind }) => kind));
      assert.deepEqual([...kinds].sort(), wanted.toSorted(), `seed ${seed}`);
    }
  });
}

test("the same seed says the same, another seed something else", () => {
  const said = (seed: number) => JSON.stringify(draw(planOf(seed, "IPv4"), 500));
  assert.equal(said(4), said(4));
  assert.notEqual(said(4), said(5));
});

test("conversations fit the numbers of packets, and one that is repeated is the same object", () => {
  const all = draw(planOf(1, "IPv4"), 20_000);
  assert.equal(all.length, 20_000);
  assert.ok(
    all.every(({ utterances }) => utterances.length <= UTTERANCES_MAX && utterances[0]?.from === "client"),
  );
  assert.ok(new Set(all).size < 15_000, "fates are found once per conversation, not once per flow");
});

test("a Service with affinity hears a client once per node, and no more clients than a list remembers", () => {
  const plan = planOf(1, "IPv4", { kinds: ["affinity"] });
  const all = draw(plan, 20_000);
  const clients = new Map<string, Set<string>>();
  for (const { service, utterances } of all) {
    const [first] = utterances;
    assert.ok(first?.from === "client" && service !== null);
    const known = clients.get(service) ?? new Set<string>();
    assert.ok(!known.has(first.packet.source), `${first.packet.source} asks ${service} again`);
    clients.set(service, known.add(first.packet.source));
  }
  for (const known of clients.values()) assert.ok(known.size <= 100, `${known.size} clients`);
  assert.equal(plan.next(), null);
  plan.renew();
  assert.notEqual(plan.next(), null);
});

test("a large cluster's plan stays small: ways are sampled", () => {
  const all = draw(planOf(1, "IPv4", { kinds: ["cluster-ip"], services: 1000 }), 3000);
  const destinations = new Set(
    all.map(({ utterances: [first] }) => first?.from === "client" && first.packet.destination),
  );
  assert.ok(destinations.size <= 150 && destinations.size > 100, `${destinations.size} ways`);
});
