import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../../api/meta.js";
import { shareText, textOf } from "./object-text.js";
import { draftOf, finished } from "./object-value.js";

function stored(name: string, more: object = {}): KubeObject {
  const object = { apiVersion: "v1", kind: "Pod", metadata: { name, uid: "ä" }, ...more } as KubeObject;
  return finished(draftOf(`/registry/pods/default/${name}`, object), 7);
}

test("textOf says of a stored object what JSON.stringify does, with its revision", () => {
  const object = stored("web", { spec: { note: 'a "metadata":{}', none: undefined }, status: undefined });
  assert.equal(textOf(object), JSON.stringify(object));
  assert.match(textOf(object), /"resourceVersion":"7"/);
});

test("textOf makes lists of texts that are known and of those that are not", () => {
  const list = {
    kind: "PodList",
    apiVersion: "v1",
    metadata: { resourceVersion: "9", continue: undefined },
    items: [stored("a"), { metadata: { name: "b" } }],
    none: undefined,
  };
  assert.equal(textOf(list), JSON.stringify(list));
  assert.equal(textOf({ items: [] }), '{"items":[]}');
});

test("textOf forgets what has not been asked for in a while and makes it anew", () => {
  const first = stored("first");
  const text = textOf(first);
  for (let index = 0; index < 400; index++) stored(`other-${index}`, { data: "x".repeat(60_000) });
  assert.equal(textOf(first), text);
});

test("textOf says whose the fields are, whether their text is shared or not", () => {
  const fieldsV1 = { "f:spec": { "f:nodeName": {} } };
  shareText(fieldsV1);
  const entry = { manager: 'm"', operation: "Update", time: "2026-01-01T00:00:00Z" };
  const managedFields = [
    { ...entry, fieldsV1, subresource: "status" },
    { ...entry, fieldsV1: { "f:status": {} } },
    entry,
  ];
  for (const fields of [managedFields, [managedFields[0]], []]) {
    const object = { kind: "Pod", metadata: { name: "web", managedFields: fields, uid: "u" }, spec: {} };
    const text = textOf(finished(draftOf("/registry/pods/default/web", object as unknown as KubeObject), 7));
    assert.deepEqual(JSON.parse(text), { ...object, metadata: { ...object.metadata, resourceVersion: "7" } });
  }
});
