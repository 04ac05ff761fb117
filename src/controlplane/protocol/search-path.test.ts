import assert from "node:assert/strict";
import { test } from "node:test";
import { candidateNames, clusterSearch } from "./search-path.js";

const POD = { search: clusterSearch("shop", "cluster.local"), ndots: 5 };

test("candidateNames tries the search path first when a name has few dots", () => {
  assert.deepEqual(candidateNames("Web", POD), [
    "web.shop.svc.cluster.local",
    "web.svc.cluster.local",
    "web.cluster.local",
    "web",
  ]);
});

test("candidateNames tries a name with ndots dots first as it stands", () => {
  assert.equal(candidateNames("a.b.c.d.e.f", POD)[0], "a.b.c.d.e.f");
  assert.equal(candidateNames("a.b.c.d.e", POD)[3], "a.b.c.d.e");
  assert.equal(candidateNames("example.com", { ...POD, ndots: 1 })[0], "example.com");
});

test("candidateNames tries a name with a last dot alone", () => {
  assert.deepEqual(candidateNames("example.com.", POD), ["example.com"]);
  assert.deepEqual(candidateNames(".", POD), []);
});
