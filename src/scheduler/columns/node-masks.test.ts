import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "../plugins/cluster.test-data.js";
import { Cluster } from "./columns.test-data.js";
import { NAME_FIELD } from "./label-columns.js";
import type { LabelRequirement, NodeSelection } from "./node-masks.js";

const is = (key: string, wanted: string): LabelRequirement => ({ key, accepts: (value) => value === wanted });
const lacks = (key: string): LabelRequirement => ({ key, accepts: (value) => value === undefined });

function cluster(): Cluster {
  const zones = ["a", "b", "a", null, "b", "a", null, "c", "a", "b"];
  return new Cluster(
    ...zones.map(
      (zone, index) =>
        node(`n${index}`, { labels: { ...(zone === null ? {} : { zone }), odd: `${index % 2}` } }).node,
    ),
  );
}

const ROWS: readonly (readonly [what: string, selection: NodeSelection, nodes: string])[] = [
  ["no terms", [], ""],
  ["an empty term", [[]], "n0 n1 n2 n3 n4 n5 n6 n7 n8 n9"],
  ["one requirement", [[is("zone", "a")]], "n0 n2 n5 n8"],
  ["two of one term", [[is("zone", "a"), is("odd", "1")]], "n5"],
  ["two terms", [[is("zone", "c")], [is("zone", "b"), is("odd", "1")]], "n1 n7 n9"],
  ["a missing label", [[lacks("zone")]], "n3 n6"],
  ["an unknown value", [[is("zone", "z")]], ""],
  ["a name", [[is(NAME_FIELD, "n4")]], "n4"],
];

test("NodeMasks marks the nodes that a selection matches", () => {
  const it = cluster();
  for (const [what, selection, nodes] of ROWS) {
    const mask = it.columns.masks.mask(what, () => selection);
    assert.equal(it.masked(mask).join(" "), nodes, what);
  }
});

test("NodeMasks follows nodes, when they come, change and go", () => {
  const it = cluster();
  const mask = it.columns.masks.mask("zone a", () => [[is("zone", "a")]]);
  it.cache.updateNode(node("n0", { labels: { zone: "b" } }).node);
  it.cache.updateNode(node("n1", { labels: { zone: "a" } }).node);
  it.cache.removeNode("n2");
  it.cache.addNode(node("fresh").node);
  it.cache.addNode(node("fresh-too", { labels: { zone: "a" } }).node);
  assert.deepEqual(it.masked(mask).sort(), ["fresh-too", "n1", "n5", "n8"]);
  assert.equal(
    it.columns.masks.mask("zone a", () => assert.fail("it is known")),
    mask,
  );
});

test("NodeMasks makes a mask anew, when thousands of others have pushed it out", () => {
  const it = cluster();
  const { masks } = it.columns;
  let made = 0;
  const first = () => {
    made++;
    return [[is("zone", "c")]];
  };
  masks.mask("first", first);
  for (let index = 0; index < 2048; index++) masks.mask(`other ${index}`, () => []);
  assert.deepEqual(it.masked(masks.mask("first", first)), ["n7"]);
  assert.equal(made, 2);
});
