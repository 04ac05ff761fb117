import assert from "node:assert/strict";
import { test } from "node:test";
import { KINDS } from "../../kinds/kinds.js";
import { openApiDocument, openApiIndex, openApiV2Json, openApiV2Protobuf } from "./openapi.js";

interface Document {
  readonly paths: Record<
    string,
    Record<string, { parameters?: { name: string }[] } & Record<string, unknown>>
  >;
  readonly components: { readonly schemas: Record<string, Record<string, unknown>> };
}

const documentOf = (group: string, version: string): Document =>
  JSON.parse(openApiDocument(group, version)?.text ?? "null");

test("openApiIndex names every group and version, each with the hash of its document", () => {
  const { paths } = JSON.parse(openApiIndex().text);
  assert.equal(
    paths["apis/apps/v1"].serverRelativeURL,
    `/openapi/v3/apis/apps/v1?hash=${openApiDocument("apps", "v1")?.hash}`,
  );
  assert.match(paths["api/v1"].serverRelativeURL, /^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{128}$/);
  for (const { group, versions } of KINDS)
    for (const version of versions) assert.ok(paths[`${group === "" ? "api" : `apis/${group}`}/${version}`]);
  assert.equal(openApiDocument("apps", "v1beta1"), undefined);
});

test("openApiDocument gives every kind that is patched a PATCH with its kind and fieldValidation", () => {
  for (const kind of KINDS.filter(({ verbs }) => verbs.includes("patch")))
    for (const version of kind.versions) {
      const operations = Object.values(documentOf(kind.group, version).paths).map(({ patch }) => patch);
      const patch = operations.find((operation) => {
        const gvk = operation?.["x-kubernetes-group-version-kind"] as { kind?: string } | undefined;
        return gvk?.kind === kind.kind;
      });
      assert.ok(
        patch?.parameters?.some(({ name }) => name === "fieldValidation"),
        kind.kind,
      );
    }
});

test("openApiDocument resolves every reference within itself", () => {
  for (const { group, versions } of KINDS)
    for (const version of versions) {
      const { components } = documentOf(group, version);
      const references = openApiDocument(group, version)?.text.matchAll(/"#\/components\/schemas\/([^"]+)"/g);
      for (const [, name = ""] of references ?? []) assert.ok(components.schemas[name], name);
    }
});

test("openApiDocument writes a type as upstream does", () => {
  const { schemas } = documentOf("", "v1").components;
  const reference = (name: string) => ({ allOf: [{ $ref: `#/components/schemas/${name}` }] });
  assert.deepEqual(withoutDescriptions(schemas["io.k8s.api.core.v1.ContainerPort"]), {
    properties: {
      containerPort: { default: 0, format: "int32", type: "integer" },
      hostIP: { type: "string" },
      hostPort: { format: "int32", type: "integer" },
      name: { type: "string" },
      protocol: { default: "TCP", type: "string" },
    },
    required: ["containerPort"],
    type: "object",
  });
  const { properties } = schemas["io.k8s.api.core.v1.Container"] as {
    properties: Record<string, Record<string, unknown>>;
  };
  assert.deepEqual(properties["ports"]?.["x-kubernetes-list-map-keys"], ["containerPort", "protocol"]);
  assert.deepEqual(withoutDescriptions(properties["resources"]), {
    ...reference("io.k8s.api.core.v1.ResourceRequirements"),
    default: {},
  });
});

function withoutDescriptions(json: unknown): unknown {
  return JSON.parse(JSON.stringify(json, (key, value) => (key === "description" ? undefined : value)));
}

test("openApiDocument describes every kind that it is about, and what upstream says of fields", () => {
  for (const { group, versions, kind } of KINDS)
    for (const version of versions) {
      const schemas = Object.values(documentOf(group, version).components.schemas);
      const own = schemas.find((schema) => {
        const [gvk] = (schema["x-kubernetes-group-version-kind"] ?? []) as { kind: string; group: string }[];
        return gvk?.kind === kind && gvk.group === group;
      });
      assert.match(String(own?.["description"]), /^\S.{20}/, `${group}/${version} ${kind}`);
    }
  const { schemas } = documentOf("", "v1").components;
  const { properties } = schemas["io.k8s.api.core.v1.Container"] as {
    properties: Record<string, { description: string }>;
  };
  assert.match(properties["image"]?.description ?? "", /^Container image name\. More info: https:/);
  assert.match(String(schemas["io.k8s.apimachinery.pkg.apis.meta.v1.Time"]?.["description"]), /^Time is/);
});

test("openApiV2Json and openApiV2Protobuf describe the same kinds", () => {
  const v2 = JSON.parse(openApiV2Json());
  assert.equal(v2.swagger, "2.0");
  const bytes = Buffer.from(openApiV2Protobuf());
  for (const name of Object.keys(v2.definitions)) assert.ok(bytes.includes(name), name);
  for (const path of Object.keys(v2.paths)) assert.ok(bytes.includes(path), path);
});
