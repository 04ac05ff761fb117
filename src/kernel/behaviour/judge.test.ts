import assert from "node:assert/strict";
import { test } from "node:test";
import type { HeldConversation } from "./conversation.js";
import { fatesOf } from "./fates.js";
import { judge, type PacketSight } from "./judge.js";
import { conversationOf, kubeProxyModel, NODE } from "./simulated-node.test-data.js";

const model = kubeProxyModel();
const NODE_ADDRESSES = new Set([NODE, "192.168.0.11"]);

function judged(lines: readonly string[], sights: readonly PacketSight[]) {
  const conversation = conversationOf("k", "s", lines);
  const held: HeldConversation = { conversation, number: 1, sourcePorts: [5000, 5001, 5002] };
  return judge(fatesOf(model, conversation), held, sights, NODE_ADDRESSES);
}

function seen(text: string, rest: Partial<PacketSight> = {}): PacketSight {
  const [source = "", destination = ""] = text.split(" > ");
  const end = (at: string) =>
    [at.slice(0, at.lastIndexOf(":")), Number(at.slice(at.lastIndexOf(":") + 1))] as const;
  const [[from, sourcePort], [to, destinationPort]] = [end(source), end(destination)];
  const sent = { protocol: "tcp", source: from, sourcePort, destination: to, destinationPort } as const;
  return { verdict: "DNAT", sent, isLocal: false, copies: 1, ...rest };
}

const NOTHING: PacketSight = { verdict: "DROP", sent: null, isLocal: false, copies: 0 };
const POD = "tcp 10.0.1.7:0 > 10.96.0.10:80";
const OUTSIDER = "tcp 203.0.113.9:0 > 192.168.0.10:30080";

test("any of the backends will do, and nothing else", () => {
  assert.equal(judged([POD], [seen("10.0.1.7:5000 > 10.0.1.2:8080")]).agrees, true);
  assert.equal(judged([POD], [seen("10.0.1.7:5000 > 10.0.2.4:8080")]).agrees, true);
  for (const sight of [
    seen("10.0.1.7:5000 > 10.0.1.9:8080"),
    seen("10.0.1.7:5000 > 10.0.1.2:8081"),
    seen("10.0.1.7:5001 > 10.0.1.2:8080"),
    seen(`${NODE}:5000 > 10.0.1.2:8080`),
    seen("10.0.1.7:5000 > 10.0.1.2:8080", { isLocal: true }),
    seen("10.0.1.7:5000 > 10.0.1.2:8080", { copies: 2 }),
    NOTHING,
  ]) {
    assert.equal(judged([POD], [sight]).agrees, false, JSON.stringify(sight));
  }
});

test("after the node's own stack has answered, anything may come of the same connection", () => {
  const onNode = kubeProxyModel(/--to-destination 10\.0\.1\.2:8080/, `--to-destination ${NODE}:8080`);
  const conversation = conversationOf("k", "s", [POD, POD]);
  const held: HeldConversation = { conversation, number: 1, sourcePorts: [5000] };
  const agrees = (...sights: readonly PacketSight[]) =>
    judge(fatesOf(onNode, conversation), held, sights, NODE_ADDRESSES).agrees;
  const local = seen(`10.0.1.7:5000 > ${NODE}:8080`, { isLocal: true });
  const away = seen("10.0.1.7:5000 > 10.0.2.4:8080");
  assert.equal(agrees(local, away), true);
  assert.equal(agrees(away, local), false);
});

test("what should be refused must be refused, not lost", () => {
  const refused = { ...NOTHING, verdict: "REJECT" } as const;
  assert.equal(judged(["tcp 10.0.1.7:0 > 10.96.0.30:80"], [refused]).agrees, true);
  assert.equal(judged(["tcp 10.0.1.7:0 > 10.96.0.30:80"], [NOTHING]).agrees, false);
});

test("a masqueraded packet has any port of any address of the node, but of the node", () => {
  assert.equal(judged([OUTSIDER], [seen("192.168.0.11:61000 > 10.0.1.2:8080")]).agrees, true);
  assert.equal(judged([OUTSIDER], [seen("203.0.113.9:5000 > 10.0.1.2:8080")]).agrees, false);
});

test("a connection keeps the port that masquerading chose, and its backend", () => {
  const lines = [OUTSIDER, "<", `${OUTSIDER} flags=ACK`];
  const opened = seen(`${NODE}:61000 > 10.0.1.2:8080`);
  const answered = seen(`${NODE}:30080 > 203.0.113.9:5000`);
  assert.equal(judged(lines, [opened, answered, opened]).agrees, true);
  const moved = judged(lines, [opened, answered, seen(`${NODE}:61001 > 10.0.1.2:8080`)]);
  assert.deepEqual([moved.agrees, !moved.agrees && moved.index], [false, 2]);
  const elsewhere = judged(lines, [opened, answered, seen(`${NODE}:61000 > 10.0.1.3:8080`)]);
  assert.deepEqual([elsewhere.agrees, !elsewhere.agrees && elsewhere.index], [false, 2]);
  const bare = judged(lines, [opened, seen("10.0.1.2:8080 > 203.0.113.9:5000"), opened]);
  assert.deepEqual([bare.agrees, !bare.agrees && bare.index], [false, 1]);
});

test("what could have been is told for the packet that went wrong, after those before it", () => {
  const lines = ["tcp 10.0.1.7:0 > 10.96.0.20:443", "tcp 10.0.1.7:1 > 10.96.0.20:443"];
  const result = judged(lines, [
    seen("10.0.1.7:5000 > 10.0.1.6:8443"),
    seen("10.0.1.7:5001 > 10.0.2.6:8443"),
  ]);
  assert.ok(!result.agrees);
  assert.deepEqual([result.index, result.expected.map(({ sent }) => sent?.destination)], [1, ["10.0.1.6"]]);
});
