import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../status.js";
import { type DecodeOptions, decodeObject } from "./decode-object.js";

const POD: DecodeOptions = { group: "", version: "v1", kind: "Pod", fieldValidation: "Strict" };
const DEPLOYMENT: DecodeOptions = {
  group: "apps",
  version: "v1",
  kind: "Deployment",
  fieldValidation: "Strict",
};

const bytes = (text: string) => Buffer.from(text);
const decodeText = (text: string, options: Partial<DecodeOptions> = {}) =>
  decodeObject(bytes(text), { ...POD, ...options });

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error));
    assert.equal(error.status.reason, "BadRequest");
    return error.message;
  }
  return assert.fail("was accepted");
}

test("decodeObject names unknown and duplicate fields in the text's order, when strict", () => {
  const text =
    '{"spec":{"foo":{"a":1,"a":2},"containers":[{"name":"a","bar":1}],"nodeName":"x","nodeName":"y"},"metadata":{"labels":{"l":"1","l":"2"}}}';
  assert.equal(
    refusal(() => decodeText(text)),
    'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.foo", ' +
      'unknown field "spec.containers[0].bar", duplicate field "spec.nodeName", duplicate field "metadata.labels.l"',
  );
});

test("decodeObject drops unknown fields and warns of them, or stays silent", () => {
  const text = '{"kind":"Pod","apiVersion":"v1","spec":{"foo":1,"nodeName":"a"}}';
  const warned = decodeText(text, { fieldValidation: "Warn" });
  assert.deepEqual(warned.warnings, ['unknown field "spec.foo"']);
  assert.deepEqual(warned.object, { kind: "Pod", apiVersion: "v1", spec: { nodeName: "a" } });
  assert.deepEqual(decodeText(text, { fieldValidation: "Ignore" }).warnings, []);
});

test("decodeObject words mistakes of type as Go does", () => {
  const cases: [text: string, message: string][] = [
    [
      '{"spec":{"replicas":"3"}}',
      "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
    ],
    [
      '{"spec":{"template":{"spec":{"containers":{}}}}}',
      "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container",
    ],
    [
      '{"spec":{"template":{"spec":{"containers":[{"name":1}]}}}}',
      "json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.name of type string",
    ],
    [
      '{"metadata":{"labels":{"a":true}}}',
      "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string",
    ],
    [
      '{"spec":[]}',
      "json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec",
    ],
    [
      '{"spec":{"replicas":1.5}}',
      "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
    ],
  ];
  for (const [text, message] of cases)
    assert.equal(
      refusal(() => decodeText(text, DEPLOYMENT)),
      `Deployment in version "v1" cannot be handled as a Deployment: ${message}`,
    );
});

test("decodeObject refuses what is of another kind or version", () => {
  assert.match(
    refusal(() => decodeText('{"apiVersion":"apps/v1","kind":"Deployment"}')),
    /^the API version in the data \(apps\/v1\) does not match the expected API version \(v1\)$/,
  );
  assert.match(
    refusal(() => decodeText('{"apiVersion":"v1","kind":"Pot"}')),
    /^Pot in version "v1" cannot be handled as a Pod: no kind "Pot" is registered for version "v1"/,
  );
});

test("decodeObject accepts DeleteOptions of any version", () => {
  const options: DecodeOptions = {
    group: "",
    version: "v1",
    kind: "DeleteOptions",
    fieldValidation: "Strict",
  };
  const text = '{"apiVersion":"policy/v1","kind":"DeleteOptions","propagationPolicy":"Orphan"}';
  assert.deepEqual(decodeObject(bytes(text), options).object, JSON.parse(text));
});

test("decodeObject drops nulls and zero values that say nothing, and keeps those that do", () => {
  const spec = { replicas: 0, paused: false, selector: { matchLabels: {} }, template: { metadata: null } };
  const object = { apiVersion: "apps/v1", kind: "Deployment", metadata: { creationTimestamp: null }, spec };
  assert.deepEqual(decodeObject(object, DEPLOYMENT).object, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {},
    spec: { replicas: 0, selector: {}, template: {} },
  });
});

test("decodeObject brings quantities and times into the form that is kept", () => {
  const limits = { cpu: 0.5, memory: "1024Mi", a: "1000m", b: "1.5Gi", c: "1e3", d: "100000", e: "0.1Gi" };
  const object = {
    metadata: { deletionTimestamp: "2024-01-01T01:00:00.5+01:00" },
    spec: { containers: [{ name: "a", resources: { limits } }] },
  };
  const decoded = decodeObject(object, POD).object as unknown as typeof object;
  assert.equal(decoded.metadata.deletionTimestamp, "2024-01-01T00:00:00Z");
  assert.deepEqual(decoded.spec.containers[0]?.resources.limits, {
    cpu: "500m",
    memory: "1Gi",
    a: "1",
    b: "1536Mi",
    c: "1e3",
    d: "100k",
    e: "107374182400m",
  });
});

test("decodeObject hands an object of this process on uncopied when nothing must go", () => {
  const object = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a" },
    spec: { containers: [{ name: "a" }] },
  };
  assert.equal(decodeObject(object, POD).object, object);
  const frozen = Object.freeze({
    ...object,
    spec: Object.freeze({ nodeName: null, nope: 1, hostname: "h" }),
  });
  const changed = decodeObject(frozen, { ...POD, fieldValidation: "Warn" });
  assert.deepEqual(changed.object, { ...object, spec: { hostname: "h" } });
  assert.equal(changed.object.metadata, object.metadata);
});

test("decodeObject survives hostile bodies with a BadRequest", () => {
  const deep = (count: number) => `{"spec":{"x":${"[".repeat(count)}${"]".repeat(count)}}}`;
  assert.match(
    refusal(() => decodeText(deep(100_000))),
    /nested deeper than 512/,
  );
  assert.match(
    refusal(() => decodeText(deep(600), { contentType: "application/yaml" })),
    /nested deeper than 512/,
  );
  assert.match(
    refusal(() => decodeObject(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), POD)),
    /UTF-8/,
  );
  assert.match(
    refusal(() => decodeText('{"metadata":{"labels":{"__proto__":{}}}}')),
    /cannot unmarshal object/,
  );
  assert.match(
    refusal(() => decodeText('{"spec":{"__proto__":{"polluted":1}}}')),
    /unknown field "spec.__proto__"/,
  );
  assert.equal(({} as { polluted?: number }).polluted, undefined);
  for (const text of ["", "{", '{"a"', "[]", "null", "7", '"x"', "{]}", "\0"])
    refusal(() => decodeText(text));
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
  for (const [name, of] of ["ba", "cb", "dc", "ed", "fe", "gf"].map((pair) => [...pair]))
    bomb.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${of}`)}]`);
  for (const text of [
    "a: [",
    "- 1",
    "x: &a [*a]",
    "%",
    bomb.join("\n"),
    "? ".repeat(50_000),
    "- ".repeat(50_000),
  ])
    refusal(() => decodeText(text, { contentType: "application/yaml" }));
});

test("decodeObject says what is wrong with text that is no JSON, and shows its beginning", () => {
  assert.equal(
    refusal(() => decodeText('{"kind": x}')),
    "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: " +
      "invalid character 'x' looking for beginning of value ({\"kind\": x})",
  );
});

test("decodeObject reads YAML with its booleans, anchors and doubled keys", () => {
  const text =
    "metadata:\n  labels: &l {a: 'yes'}\n  annotations: *l\nspec:\n  hostNetwork: on\n  nodeName: a\n";
  const { object } = decodeText(text, { contentType: "application/yaml" });
  assert.deepEqual(object, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { labels: { a: "yes" }, annotations: { a: "yes" } },
    spec: { hostNetwork: true, nodeName: "a" },
  });
  assert.match(
    refusal(() => decodeText(`${text}  nodeName: b\n`, { contentType: "application/yaml" })),
    /strict decoding error: yaml: unmarshal errors:\n {2}line 7: key "nodeName" already set in map$/,
  );
});

test("decodeObject refuses a content type that it cannot read", () => {
  assert.throws(
    () => decodeText("{}", { contentType: "text/plain" }),
    (error: StatusError) => error.status.code === 415,
  );
});
