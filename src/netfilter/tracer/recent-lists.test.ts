import assert from "node:assert/strict";
import { test } from "node:test";
import { rule } from "../iptables/ruleset.js";
import { RECENT_CLIENTS_MAX, RecentLists, type RecentMatch } from "./recent-lists.js";

const match = (operation: RecentMatch["operation"], parts: Partial<RecentMatch> = {}): RecentMatch => ({
  kind: "recent",
  name: "L",
  operation,
  negated: false,
  seconds: null,
  reap: false,
  hitcount: null,
  side: "source",
  ...parts,
});
const rcheck = match("rcheck", { seconds: 10, reap: true });

test("recent --set remembers, --rcheck asks within its seconds", () => {
  const lists = new RecentLists([]);
  assert.equal(lists.evaluate(rcheck, "a", 0), false);
  assert.equal(lists.evaluate(match("set"), "a", 0), true);
  assert.equal(lists.evaluate(rcheck, "a", 10_000), true);
  assert.equal(lists.evaluate(rcheck, "a", 10_001), false);
});

test("recent --reap forgets the client at the head of the list when it is too old", () => {
  const lists = new RecentLists([]);
  lists.evaluate(match("set"), "a", 0);
  lists.evaluate(match("set"), "b", 9000);
  assert.equal(lists.evaluate(rcheck, "b", 12_000), true);
  assert.equal(lists.evaluate(match("rcheck"), "a", 12_000), false, "reaped while b was asked for");
  assert.equal(lists.evaluate(match("rcheck"), "b", 12_000), true);
});

test("recent remembers 100 clients: the 101st evicts the one seen longest ago", () => {
  const lists = new RecentLists([]);
  for (let client = 1; client <= RECENT_CLIENTS_MAX; client++)
    lists.evaluate(match("set"), `c${client}`, client);
  lists.evaluate(match("set"), "c1", 200);
  lists.evaluate(match("set"), "c101", 201);
  assert.equal(lists.evaluate(match("rcheck"), "c1", 202), true, "was seen again");
  assert.equal(lists.evaluate(match("rcheck"), "c2", 202), false, "evicted");
  assert.equal(lists.evaluate(match("rcheck"), "c3", 202), true);
  assert.equal(lists.evaluate(match("rcheck"), "c101", 202), true);
});

test("recent keeps lists apart by name", () => {
  const lists = new RecentLists([]);
  lists.evaluate(match("set"), "a", 0);
  assert.equal(lists.evaluate(match("rcheck", { name: "M" }), "a", 0), false);
});

test("recent --update refreshes when it holds, --rcheck never does", () => {
  const lists = new RecentLists([]);
  lists.evaluate(match("set"), "a", 0);
  const update = match("update", { seconds: 10 });
  assert.equal(lists.evaluate(update, "a", 8000), true);
  assert.equal(lists.evaluate(update, "a", 16_000), true);
  assert.equal(lists.evaluate(match("rcheck", { seconds: 10 }), "a", 25_000), true);
  assert.equal(lists.evaluate(match("rcheck", { seconds: 10 }), "a", 26_001), false);
});

test("recent --hitcount counts visits within the seconds", () => {
  const hits = match("update", { seconds: 30, hitcount: 3 });
  const lists = new RecentLists([rule({ matches: [hits] })]);
  lists.evaluate(match("set"), "a", 0);
  assert.equal(lists.evaluate(hits, "a", 1000), false);
  lists.evaluate(match("set"), "a", 2000);
  lists.evaluate(match("set"), "a", 3000);
  assert.equal(lists.evaluate(hits, "a", 4000), true);
  assert.equal(lists.evaluate(hits, "a", 60_000), false);
});

test("recent --remove forgets; a negated match holds for the unknown", () => {
  const lists = new RecentLists([]);
  lists.evaluate(match("set"), "a", 0);
  assert.equal(lists.evaluate(match("remove"), "a", 0), true);
  assert.equal(lists.evaluate(match("remove"), "a", 0), false);
  assert.equal(lists.evaluate(match("rcheck", { negated: true }), "a", 0), true);
});
