import assert from "node:assert/strict";
import test from "node:test";
import { type KubeDocument, readDocuments } from "./documents.js";

const SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n    - port: 80\n";

function read(text: string, file = "f.yaml"): KubeDocument[] {
  return readDocuments([{ file, text }]);
}

function namesOf(documents: readonly KubeDocument[]): unknown[] {
  return documents.map(({ value }) => (value["metadata"] as { name: unknown }).name);
}

function at(document: KubeDocument | undefined, ...path: (string | number)[]): string {
  const { file, line, column } = document?.positionOf(path) ?? { file: "none", line: 0, column: 0 };
  return `${file}:${line}:${column}`;
}

test("readDocuments knows where every value of YAML stands", () => {
  const [document] = read(SERVICE);
  assert.equal(at(document, "metadata", "name"), "f.yaml:4:9");
  assert.equal(at(document, "spec", "ports", 0, "port"), "f.yaml:7:13");
  assert.equal(at(document, "spec", "ports", 0, "missing"), "f.yaml:7:7");
});

test("readDocuments knows where every value of JSON stands", () => {
  const [document] = read(
    '{"apiVersion": "v1", "kind": "Service",\n "spec": {"ports": [\n  {"po\\u0072t": 80}, {"port": 81}]}}',
  );
  assert.equal(at(document, "kind"), "f.yaml:1:30");
  assert.equal(at(document, "spec", "ports", 0, "port"), "f.yaml:3:17");
  assert.equal(at(document, "spec", "ports", 1, "port"), "f.yaml:3:31");
  assert.equal(at(document, "spec", "ports", 7), "f.yaml:2:20");
});

test("readDocuments counts lines past a byte order mark and carriage returns", () => {
  for (const text of [`\ufeff${SERVICE}`, SERVICE.replaceAll("\n", "\r\n")]) {
    assert.equal(at(read(text)[0], "metadata", "name"), "f.yaml:4:9");
    assert.deepEqual(namesOf(read(text)), ["web"]);
  }
});

test("readDocuments takes a stream of documents and leaves out empty ones", () => {
  const documents = read(`---\n# nothing\n---\n${SERVICE}---\n${SERVICE.replace("web", "api")}...\n---\n`);
  assert.deepEqual(namesOf(documents), ["web", "api"]);
  assert.equal(at(documents[1], "metadata", "name"), "f.yaml:15:9");
});

const JSON_SERVICE = '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "j"}}';

test("readDocuments takes JSON one after another, and JSON among YAML", () => {
  assert.deepEqual(namesOf(read(`${JSON_SERVICE}\n${JSON_SERVICE}\n---\n${JSON_SERVICE}`)), ["j", "j", "j"]);
  assert.deepEqual(namesOf(read(`${JSON_SERVICE}\n---\n${SERVICE}`)), ["j", "web"]);
  assert.deepEqual(namesOf(read(`${SERVICE}---\n${JSON_SERVICE}\n`)), ["web", "j"]);
  assert.deepEqual(namesOf(read("{apiVersion: v1, kind: Service, metadata: {name: flow}}")), ["flow"]);
});

test("readDocuments takes Lists apart, typed and nested ones too", () => {
  const typed = '{"apiVersion": "v1", "kind": "ServiceList", "items": [{"metadata": {"name": "t"}}]}';
  const text = `{"apiVersion": "v1", "kind": "List", "items": [${JSON_SERVICE}, ${typed}]}`;
  const documents = read(text);
  assert.deepEqual(namesOf(documents), ["j", "t"]);
  assert.deepEqual(
    documents.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`),
    ["v1 Service", "v1 Service"],
  );
  assert.equal(at(documents[1], "metadata", "name"), `f.yaml:1:${text.indexOf('"t"') + 1}`);
  assert.equal(read('{"apiVersion": "x/v1", "kind": "AllowList", "spec": {}}')[0]?.kind, "AllowList");
  assert.deepEqual(read(`apiVersion: v1\nkind: List\nitems: null\n---\n${SERVICE}`).length, 1);
});

test("readDocuments resolves anchors, aliases and merge keys", () => {
  const text = `base: &base {app: web, tier: front}\n${SERVICE.replace("spec:", "  labels: {<<: *base, tier: back}\n  annotations: *base\nspec:")}`;
  const metadata = read(text)[0]?.value["metadata"] as Record<string, unknown>;
  assert.deepEqual(metadata["labels"], { app: "web", tier: "back" });
  assert.deepEqual(metadata["annotations"], { app: "web", tier: "front" });
  assert.equal(at(read(text)[0], "metadata", "annotations", "tier"), "f.yaml:1:30");
});

test("readDocuments tells the first syntax error of every text, and of good texts nothing", () => {
  assert.throws(
    () =>
      readDocuments([
        { file: "a.yaml", text: "a: [\n" },
        { file: "b.yaml", text: SERVICE },
        { file: "c.json", text: "{\n" },
      ]),
    (error: Error) => /^a\.yaml:.*\nc\.json:2:1: .*$/.test(error.message),
  );
});

test("readDocuments keeps what is not read as it stands", () => {
  const [document] = read(`${SERVICE}status:\n  loadBalancer: {}\nextra: {constructor: 1, toString: x}\n`);
  assert.deepEqual(document?.value["extra"], { constructor: 1, toString: "x" });
});

test("readDocuments reads a large dump without keeping positions", () => {
  const item = `{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "annotations": {"a": "${"x".repeat(200)}"}}}`;
  const text = `{"apiVersion": "v1", "kind": "List", "items": [\n${Array(20_000).fill(item).join(",\n")}\n]}`;
  const documents = read(text);
  assert.equal(documents.length, 20_000);
  assert.equal(at(documents.at(-1), "metadata", "name"), "f.yaml:20001:62");
});
