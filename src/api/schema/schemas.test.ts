import assert from "node:assert/strict";
import { test } from "node:test";
import { KINDS } from "../kinds/kinds.js";
import { schemaKinds, schemaNamed, schemaOf } from "./schemas.js";
import type { FieldSchema, ObjectSchema, TypeSchema } from "./type-schema.js";

const field = (schema: ObjectSchema | undefined, name: string): FieldSchema => {
  const found = schema?.fields.get(name);
  assert.ok(found, `${schema?.name}.${name}`);
  return found;
};

test("schemaOf knows every kind of the table in every version, with its list", () => {
  for (const { group, versions, kind, verbs } of KINDS)
    for (const version of versions) {
      assert.ok(schemaOf(group, version, kind), `${group}/${version} ${kind}`);
      if (verbs.includes("list")) assert.ok(schemaOf(group, version, `${kind}List`), `${kind}List`);
    }
});

test("schemaOf knows what subresources are sent, and DeleteOptions everywhere", () => {
  for (const { subresources } of KINDS)
    for (const { kind } of subresources)
      if (kind) assert.ok(schemaOf(kind.group, kind.version, kind.kind), kind.kind);
  assert.equal(schemaOf("apps", "v1", "DeleteOptions"), schemaOf("", "v1", "DeleteOptions"));
  assert.equal(schemaOf("apps", "v1", "Nonsense"), undefined);
});

test("schemaNamed understands every type that the file holds", () => {
  const seen = new Set<ObjectSchema>();
  const walk = (type: TypeSchema): void => {
    if (type.kind === "list") walk(type.items);
    else if (type.kind === "map") walk(type.values);
    else if (type.kind === "object" && !seen.has(type)) {
      seen.add(type);
      for (const { type: inner } of type.fields.values()) walk(inner);
    }
  };
  for (const [group, version, kind] of schemaKinds()) walk(schemaOf(group, version, kind) as ObjectSchema);
  assert.ok(seen.size > 350, `${seen.size} types`);
  for (const { isOpen, fields, name } of seen) assert.ok(isOpen || fields.size > 0, name);
});

test("schemaOf carries list keys, merge keys, defaults and wire numbers of container ports", () => {
  const spec = field(schemaOf("", "v1", "Pod"), "spec").type as ObjectSchema;
  const containers = field(spec, "containers");
  assert.deepEqual(
    [containers.mergeKey, containers.patchStrategy, containers.protobufNumber],
    ["name", ["merge"], 2],
  );
  assert.ok(containers.type.kind === "list" && containers.type.items.kind === "object");
  const ports = field(containers.type.items, "ports").type;
  assert.ok(ports.kind === "list" && ports.items.kind === "object");
  assert.deepEqual([ports.listType, ports.mapKeys], ["map", ["containerPort", "protocol"]]);
  assert.equal(field(ports.items, "protocol").default, "TCP");
});

test("schemaNamed flattens inlined structs in JSON and keeps them apart on the wire", () => {
  const volume = schemaNamed("io.k8s.api.core.v1.Volume");
  assert.equal(field(volume, "emptyDir").protobufNumber, 0);
  assert.equal(volume?.inlined.get(2)?.name, "io.k8s.api.core.v1.VolumeSource");
  assert.equal(field(volume?.inlined.get(2), "emptyDir").protobufNumber, 2);
});

test("schemaNamed lets a field override whether a struct is atomic", () => {
  const spec = schemaNamed("io.k8s.api.core.v1.PersistentVolumeSpec");
  assert.equal(schemaNamed("io.k8s.api.core.v1.ObjectReference")?.isAtomic, true);
  assert.equal((field(spec, "claimRef").type as ObjectSchema).isAtomic, false);
});
