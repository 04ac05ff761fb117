import assert from "node:assert/strict";
import { test } from "node:test";
import { Nominator } from "./nominator.js";
import { podOf } from "./queue.test-data.js";

const names = (nominator: Nominator, node: string) => nominator.nominatedOn(node).map(({ key }) => key);
const stating = (nominatedNodeName: string) => podOf("a", {}, { nominatedNodeName });

test("add puts a Pod on one node only, the latest", () => {
  const nominator = new Nominator();
  nominator.add(podOf("a"), { mode: "override", nodeName: "n1" });
  nominator.add(podOf("b"), { mode: "override", nodeName: "n1" });
  nominator.add(podOf("a"), { mode: "override", nodeName: "n2" });
  assert.deepEqual([names(nominator, "n1"), names(nominator, "n2")], [["default/b"], ["default/a"]]);
  assert.equal(nominator.nodeOf("uid-a"), "n2");
});

test("add goes by the Pod's status when told to keep", () => {
  const nominator = new Nominator();
  nominator.add(podOf("plain"), { mode: "keep" });
  assert.equal(nominator.size, 0);
  nominator.add(stating("n1"), { mode: "keep" });
  assert.equal(nominator.nodeOf("uid-a"), "n1");
});

test("add clears when an override names no node", () => {
  const nominator = new Nominator();
  nominator.add(stating("n1"), { mode: "keep" });
  nominator.add(stating("n1"), { mode: "override", nodeName: "" });
  assert.equal(nominator.size, 0);
  assert.deepEqual(names(nominator, "n1"), []);
});

test("update keeps a nomination that no status shows yet, and follows the status otherwise", () => {
  const cases = [
    { before: podOf("a"), after: podOf("a"), node: "made-here" },
    { before: podOf("a"), after: stating("n1"), node: "n1" },
    { before: stating("n1"), after: stating("n2"), node: "n2" },
    { before: stating("n1"), after: podOf("a"), node: undefined },
  ];
  for (const { before, after, node } of cases) {
    const nominator = new Nominator();
    nominator.add(before, { mode: "override", nodeName: "made-here" });
    nominator.update(before, after);
    assert.equal(nominator.nodeOf("uid-a"), node);
    if (node !== undefined) assert.equal(nominator.nominatedOn(node)[0], after);
  }
});

test("nominatedOn returns a list that later changes leave alone", () => {
  const nominator = new Nominator();
  nominator.add(podOf("a"), { mode: "override", nodeName: "n1" });
  const list = nominator.nominatedOn("n1");
  nominator.delete("uid-a");
  assert.equal(list.length, 1);
  assert.deepEqual(names(nominator, "n1"), []);
});
