import assert from "node:assert/strict";
import { test } from "node:test";
import { type Fate, fatesOf, walkOf } from "./fates.js";
import { conversationOf, kubeProxyModel, NODE } from "./simulated-node.test-data.js";

const model = kubeProxyModel();
const fates = (lines: readonly string[]) => fatesOf(model, conversationOf("k", "s", lines));
const targets = (fate: Fate) => fate.packets.map(({ sent }) => sent?.destination ?? "-").join(" ");
const close = (got: number, want: number) =>
  assert.ok(Math.abs(got - want) < 1e-6, `got ${got}, want ${want}`);

test("a Service of three endpoints has three fates, as likely as the statistic matches say", () => {
  const { all, partial, hasOdds } = fates(["tcp 10.0.1.7:0 > 10.96.0.10:80"]);
  assert.deepEqual(all.map(targets), ["10.0.1.2", "10.0.1.3", "10.0.2.4"]);
  for (const { probability } of all) close(probability, 1 / 3);
  assert.deepEqual([partial, hasOdds], [false, true]);
});

test("only an endpoint that reaches itself is masqueraded", () => {
  const { all } = fates(["tcp 10.0.1.3:0 > 10.96.0.10:80"]);
  assert.deepEqual(
    all.map(({ packets }) => packets[0]?.masquerade),
    [false, true, false],
  );
});

test("an answer comes from the Service, and the next packet goes where the first went", () => {
  const { all } = fates([
    "tcp 203.0.113.9:0 > 192.168.0.10:30080",
    "<",
    "tcp 203.0.113.9:0 > 192.168.0.10:30080 flags=ACK",
  ]);
  assert.deepEqual(all.map(targets), [
    "10.0.1.2 203.0.113.9 10.0.1.2",
    "10.0.1.3 203.0.113.9 10.0.1.3",
    "10.0.2.4 203.0.113.9 10.0.2.4",
  ]);
  for (const { packets } of all) {
    assert.deepEqual([packets[1]?.sent?.source, packets[1]?.sent?.sourcePort], [NODE, 30_080]);
    assert.deepEqual(
      packets.map(({ masquerade, isNew }) => [masquerade, isNew]),
      [
        [true, true],
        [false, false],
        [true, false],
      ],
    );
  }
});

test("a client with affinity comes back to the endpoint it had", () => {
  const { all } = fates(["tcp 10.0.1.7:0 > 10.96.0.20:443", "tcp 10.0.1.7:1 > 10.96.0.20:443"]);
  assert.deepEqual(all.map(targets), ["10.0.1.6 10.0.1.6", "10.0.2.6 10.0.2.6"]);
});

test("who is refused is not answered: the conversation ends", () => {
  const { all } = fates(["tcp 10.0.1.7:0 > 10.96.0.30:80", "<", "tcp 10.0.1.7:0 > 10.96.0.30:80 flags=ACK"]);
  assert.deepEqual(
    all.map(({ packets }) => packets.map(({ verdict }) => verdict)),
    [["REJECT"]],
  );
});

test("what follows a TCP packet that the node's own stack got is not foretold, but for other flows", () => {
  const onNode = kubeProxyModel(/--to-destination 10\.0\.1\.2:8080/, `--to-destination ${NODE}:8080`);
  const twice = ["tcp 10.0.1.7:0 > 10.96.0.10:80", "tcp 10.0.1.7:0 > 10.96.0.10:80"];
  const { all } = fatesOf(onNode, conversationOf("k", "s", twice));
  assert.deepEqual(
    all.map((fate) => [targets(fate), fate.isOpen]),
    [
      [NODE, true],
      ["10.0.1.3 10.0.1.3", false],
      ["10.0.2.4 10.0.2.4", false],
    ],
  );
  const otherFlow = ["tcp 10.0.1.7:0 > 10.96.0.10:80", "tcp 10.0.1.7:1 > 10.96.0.30:80"];
  const [first] = fatesOf(onNode, conversationOf("k", "s", otherFlow)).all;
  assert.deepEqual([first?.packets.length, first?.isOpen], [2, false]);
});

test("the walk is one that agrees with what came before", () => {
  const lines = ["tcp 10.0.1.7:0 > 10.96.0.20:443", "tcp 10.0.1.7:1 > 10.96.0.20:443"];
  const conversation = conversationOf("k", "s", lines);
  const [, second] = fatesOf(model, conversation).all;
  assert.ok(second !== undefined);
  const walk = walkOf(model, conversation, 1, second.packets);
  assert.ok(walk.some(({ effect }) => effect === "DNAT to 10.0.2.6:8443"));
});
