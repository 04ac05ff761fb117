// A verification from end to end, of kernels that are simulated: one that is right and some that are wrong.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import type { BehaviourRecord } from "../../measure/kernel-record.js";
import type { RuleModel } from "../../netfilter/rule-model.js";
import type { Conversation } from "./conversation.js";
import { conversationOf, kubeProxyModel, NODE, simulatedSubject } from "./simulated-node.test-data.js";
import { type BehaviourOptions, verifyBehaviour } from "./verify-behaviour.js";

const SEED = 11;
const model = kubeProxyModel();

const WEB = conversationOf("cluster-ip", "web", ["tcp 10.0.1.7:0 > 10.96.0.10:80"]);
const TALK = conversationOf("established", "web", [
  `tcp 203.0.113.9:0 > ${NODE}:30080`,
  "<",
  `tcp 203.0.113.9:0 > ${NODE}:30080 flags=ACK`,
]);
const EMPTY = conversationOf("no-endpoints", "empty", ["tcp 10.0.1.7:0 > 10.96.0.30:80"]);
const DNS = conversationOf("cluster-ip", "dns", ["udp 10.0.1.7:0 > 10.96.0.53:53"]);
const sticky = (client: number) =>
  conversationOf(
    "affinity",
    "sticky",
    [0, 1, 2].map((flow) => `tcp 10.0.3.${client}:${flow} > 10.96.0.20:443`),
    true,
  );
const STICKY = Array.from({ length: 20 }, (_, client) => sticky(client + 1));

async function verify(
  kernel: RuleModel,
  conversations: readonly Conversation[],
  options: Partial<BehaviourOptions> = {},
): Promise<BehaviourRecord> {
  const subject = simulatedSubject(model, kernel, new Prng(SEED));
  let turn = 0;
  let asked = new Set<Conversation>();
  const next = (): Conversation | null => {
    for (let tried = 0; tried < conversations.length; tried++) {
      const conversation = conversations[turn++ % conversations.length] as Conversation;
      if (conversation.once && asked.has(conversation)) continue;
      asked.add(conversation);
      return conversation;
    }
    return null;
  };
  const renew = () => {
    asked = new Set();
  };
  return await verifyBehaviour({
    path: "iptables-legacy",
    cluster: "made up",
    kernel: "native",
    family: "IPv4",
    subject,
    plan: { next, renew },
    flows: 600,
    mismatchesMax: 3,
    reduce: () => subject,
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...options,
  });
}

test("a right kernel agrees, kind by kind, and spreads as the model says", async () => {
  const record = await verify(model, [WEB, TALK, EMPTY, DNS, ...STICKY]);
  assert.deepEqual([record.flows, record.agreed, record.mismatches], [600, 600, []], `seed ${SEED}`);
  assert.deepEqual(Object.keys(record.kinds).sort(), [
    "affinity",
    "cluster-ip",
    "established",
    "no-endpoints",
  ]);
  assert.ok(record.distribution.some(({ service, backends }) => service === "web" && backends === 3));
  assert.ok(record.distribution.every(({ agrees }) => agrees));
});

test("one wrong backend of three is found with its packet, its walk and a script", async () => {
  const record = await verify(
    kubeProxyModel(/to-destination 10\.0\.1\.3:8080/, "to-destination 10.0.1.3:8081"),
    [WEB, DNS],
  );
  assert.ok(record.agreed < record.flows && record.agreed > record.flows / 2, `${record.agreed}`);
  const [mismatch] = record.mismatches;
  assert.ok(mismatch !== undefined);
  assert.match(mismatch.packet, /^tcp 10\.0\.1\.7:\d+ > 10\.96\.0\.10:80$/);
  assert.match(
    mismatch.expected,
    /^DNAT: 10\.0\.1\.7:\d+ > 10\.0\.1\.2:8080 or DNAT: .*10\.0\.1\.3:8080 or /,
  );
  assert.match(mismatch.observed, /^DNAT: 10\.0\.1\.7:\d+ > 10\.0\.1\.3:8081$/);
  assert.ok(mismatch.walk.some((line) => line.includes("=> DNAT to")));
  assert.ok(mismatch.repeat.some((line) => line.startsWith("send '\\")));
});

test("lost affinity needs two packets, and no more are told", async () => {
  const record = await verify(kubeProxyModel(/^.*VSXBI7NGT3WL2YZA --rcheck.*\n/m), STICKY);
  const [mismatch] = record.mismatches;
  assert.ok(mismatch !== undefined);
  assert.equal(mismatch.kind, "affinity");
  assert.equal(mismatch.repeat.filter((line) => line.startsWith("send '\\")).length, 2);
});

test("odds that are off are found although every flow goes where it may", async () => {
  const record = await verify(kubeProxyModel(/0\.3333333333/, "0.1000000000"), [WEB], { flows: 1000 });
  assert.equal(record.agreed, record.flows);
  assert.deepEqual(
    record.distribution.map(({ service, agrees }) => [service, agrees]),
    [["web", false]],
  );
  assert.equal(record.mismatches[0]?.kind, "spread");
});

test("what shows only after something else is told with it, and with little more", async () => {
  // Who has asked for names is kept from the web.
  const withMemory = kubeProxyModel(
    /(-A KUBE-SEP-2B2347DGRRTB4FNK .*) -m udp/,
    "$1 -m recent --name ASKED --set -m udp",
  );
  const forward = withMemory.ruleset.tables.get("filter")?.chains.get("FORWARD");
  const banned = kubeProxyModel(
    /^-A FORWARD/m,
    "-A FORWARD -p tcp -m recent --name ASKED --rcheck -j DROP\n-A FORWARD",
  )
    .ruleset.tables.get("filter")
    ?.chains.get("FORWARD")?.rules[0];
  assert.ok(forward !== undefined && banned !== undefined);
  forward.rules.unshift(banned);
  const record = await verify(withMemory, [DNS, WEB, TALK], { flows: 100, mismatchesMax: 1 });
  const [mismatch] = record.mismatches;
  assert.ok(mismatch !== undefined);
  assert.equal(mismatch.observed, "DROP");
  const said = mismatch.repeat
    .filter((line) => line.startsWith("echo '"))
    .map((line) => line.replace(/:\d+ >/, " >"));
  assert.deepEqual(
    [...new Set(said)],
    ["echo 'udp 10.0.1.7 > 10.96.0.53:53'", "echo 'tcp 10.0.1.7 > 10.96.0.10:80'"],
  );
});

test("a run that is aborted ends after its batch, with what it has", async () => {
  const controller = new AbortController();
  const progress: number[] = [];
  const record = await verify(model, [WEB], {
    flows: 10_000,
    signal: controller.signal,
    onProgress: (flows) => {
      progress.push(flows);
      controller.abort();
    },
  });
  assert.deepEqual([progress, record.flows, record.agreed], [[2000], 2000, 2000]);
});

test("a node that has no room for more connections is replaced", async () => {
  // The simulated node has room for 10,000 of them.
  const record = await verify(model, [WEB], { flows: 12_000 });
  assert.deepEqual([record.flows, record.agreed], [12_000, 12_000]);
});
