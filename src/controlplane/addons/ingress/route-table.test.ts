import assert from "node:assert/strict";
import { test } from "node:test";
import { type Path, RouteTable } from "./route-table.js";

function path(text: string, service: string, more: Partial<Path> = {}): Path {
  return {
    host: "",
    path: text,
    isExact: false,
    target: { namespace: "default", service, port: 80 },
    ...more,
  };
}

function tableOf(...paths: readonly Path[]): RouteTable {
  const table = new RouteTable();
  table.set("default/one", { age: "1", paths, defaultTarget: undefined });
  return table;
}

/** Kind, path of the rule, path of the request, whether it matches: the table of the Ingress documentation. */
const MATCHES = [
  ["Prefix", "/", "/any/path", true],
  ["Exact", "/foo", "/foo", true],
  ["Exact", "/foo", "/bar", false],
  ["Exact", "/foo", "/foo/", false],
  ["Exact", "/foo/", "/foo", false],
  ["Prefix", "/foo", "/foo", true],
  ["Prefix", "/foo", "/foo/", true],
  ["Prefix", "/foo/", "/foo", true],
  ["Prefix", "/foo/", "/foo/", true],
  ["Prefix", "/aaa/bb", "/aaa/bbb", false],
  ["Prefix", "/aaa/bbb", "/aaa/bbb", true],
  ["Prefix", "/aaa/bbb/", "/aaa/bbb", true],
  ["Prefix", "/aaa/bbb", "/aaa/bbb/", true],
  ["Prefix", "/aaa/bbb", "/aaa/bbb/ccc", true],
  ["Prefix", "/aaa/bbb", "/aaa/bbbxyz", false],
  ["Prefix", "/Foo", "/foo", false],
] as const;

test("RouteTable matches paths by their type", () => {
  for (const [kind, rule, request, isMatch] of MATCHES) {
    const table = tableOf(path(rule, "web", { isExact: kind === "Exact" }));
    assert.equal(table.route("any.example", request) !== null, isMatch, `${kind} ${rule} ${request}`);
  }
});

test("RouteTable prefers the longest path, and Exact to Prefix of the same length", () => {
  const table = tableOf(
    path("/", "root"),
    path("/a", "short"),
    path("/a/b", "long"),
    path("/a/b", "exact", { isExact: true }),
  );
  const services = ["/", "/x", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c", "/ab", "", "relative"].map(
    (request) => table.route("h", request)?.service,
  );
  assert.deepEqual(services, [
    "root",
    "root",
    "short",
    "short",
    "exact",
    "long",
    "long",
    "root",
    "root",
    "root",
  ]);
});

test("RouteTable prefers the host itself to a wildcard, and that to rules without host", () => {
  const table = tableOf(
    path("/", "host", { host: "a.example.com" }),
    path("/", "wildcard", { host: "*.example.com" }),
    path("/", "any"),
  );
  const services = ["A.example.com:8080", "b.example.com", "c.b.example.com", "example.com", ""].map(
    (host) => table.route(host, "/x")?.service,
  );
  assert.deepEqual(services, ["host", "wildcard", "any", "any", "any"]);
});

test("RouteTable gives a path that two Ingresses claim to the older one, until that goes", () => {
  const table = new RouteTable();
  table.set("b", { age: "2", paths: [path("/", "younger")], defaultTarget: undefined });
  table.set("a", { age: "1", paths: [path("/", "older"), path("/", "twice")], defaultTarget: undefined });
  assert.equal(table.route("h", "/")?.service, "older");
  table.delete("a");
  assert.equal(table.route("h", "/")?.service, "younger");
  table.set("b", { age: "2", paths: [path("/x", "younger")], defaultTarget: undefined });
  assert.equal(table.route("h", "/"), null);
});

test("RouteTable falls back to the oldest default backend", () => {
  const table = tableOf(path("/a", "web"));
  const target = { namespace: "default", service: "fallback", port: 80 };
  table.set("default/two", { age: "2", paths: [], defaultTarget: target });
  assert.equal(table.route("h", "/a")?.service, "web");
  assert.equal(table.route("h", "/b")?.service, "fallback");
});
