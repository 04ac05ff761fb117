// Derive src/api/schema/types.json, and descriptions.json beside it, from the pinned Kubernetes modules in the Go module cache.
// Two sources, joined by JSON name: the OpenAPI v3 documents say what a field is (type, default, how lists are merged);
// the tags of the Go structs say how it is written (protobuf number, pointer, omitempty, inlined struct).
// `--check` compares with the committed file and fails when they differ. Needs dist/ for the table of kinds.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const KUBERNETES = "v1.36.3";
const STAGING = "v0.36.3";
const OUTPUT = "src/api/schema/types.json";
const DESCRIPTIONS = "src/api/schema/descriptions.json";
const META = "io.k8s.apimachinery.pkg.apis.meta.v1";

/** Types that are written as one JSON value. */
const SPECIAL = {
  [`${META}.Time`]: "time",
  [`${META}.MicroTime`]: "micro-time",
  "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
};

/** Types that hold whatever is put in. */
const OPEN = [`${META}.FieldsV1`, "io.k8s.apimachinery.pkg.runtime.RawExtension"];

/** Kinds that are sent or answered without being a row of the table: [group, version, kind, type]. */
const EXTRA_KINDS = [
  ["autoscaling", "v1", "Scale"],
  ["policy", "v1", "Eviction"],
  ["authentication.k8s.io", "v1", "TokenRequest"],
  ["", "v1", "PodLogOptions", "io.k8s.api.core.v1.PodLogOptions"],
  ["", "v1", "PodExecOptions", "io.k8s.api.core.v1.PodExecOptions"],
  ["", "v1", "PodAttachOptions", "io.k8s.api.core.v1.PodAttachOptions"],
  ["", "v1", "PodPortForwardOptions", "io.k8s.api.core.v1.PodPortForwardOptions"],
  ...["Node", "Pod", "Service"].map((of) => [
    "",
    "v1",
    `${of}ProxyOptions`,
    `io.k8s.api.core.v1.${of}ProxyOptions`,
  ]),
  ["", "v1", "DeleteOptions", `${META}.DeleteOptions`],
  ["", "v1", "Status", `${META}.Status`],
];

const GO_SCALARS = { string: "string", bool: "boolean", int32: "int32", int64: "int64" };

const modules = moduleCache();
if (modules === null) {
  console.log(`api-schema: skipped: k8s.io/kubernetes@${KUBERNETES} is not in the Go module cache`);
  process.exit(0);
}
const { KINDS } = await import(new URL("../dist/src/api/kinds/kinds.js", import.meta.url).href);
const openApi = readOpenApi();
const structs = new Map();
const types = new Map();
const gvks = new Map();

for (const [group, version, kind, name] of rootKinds()) {
  const type = name ?? openApi.byKind.get(`${group}/${version}/${kind}`);
  if (type === undefined) throw new Error(`No OpenAPI type for ${group}/${version} ${kind}`);
  gvks.set(`${group}/${version}/${kind}`, type);
  addType(type);
}

for (const [output, text] of [
  [OUTPUT, print({ kinds: gvks, types })],
  [DESCRIPTIONS, print({ types: descriptions() })],
]) {
  if (!process.argv.includes("--check")) {
    writeFileSync(output, text);
    console.log(`api-schema: ${output}: ${gvks.size} kinds, ${types.size} types, ${text.length} bytes`);
  } else if (readFileSync(output, "utf8") !== text) {
    console.error(`api-schema: ${output} differs from ${KUBERNETES}; run node tools/api-schema.mjs`);
    process.exitCode = 1;
  } else console.log(`api-schema: ${output} is what ${KUBERNETES} says`);
}

function moduleCache() {
  try {
    const root = execFileSync("go", ["env", "GOMODCACHE"], { encoding: "utf8" }).trim();
    return existsSync(join(root, `k8s.io/kubernetes@${KUBERNETES}`)) ? join(root, "k8s.io") : null;
  } catch {
    return null;
  }
}

function* rootKinds() {
  const wanted = [...EXTRA_KINDS];
  for (const { group, versions, kind, verbs } of KINDS)
    for (const version of versions) {
      wanted.push([group, version, kind]);
      if (verbs.includes("list")) wanted.push([group, version, `${kind}List`]);
    }
  const compare = (a, b) => (a.slice(0, 3).join("/") < b.slice(0, 3).join("/") ? -1 : 1);
  yield* wanted.sort(compare);
}

function readOpenApi() {
  const folder = join(modules, `kubernetes@${KUBERNETES}`, "api/openapi-spec/v3");
  const schemas = {};
  for (const file of readdirSync(folder).filter((name) => name.endsWith("_openapi.json")))
    Object.assign(schemas, JSON.parse(readFileSync(join(folder, file), "utf8")).components?.schemas);
  const byKind = new Map();
  for (const [name, schema] of Object.entries(schemas))
    for (const { group, version, kind } of schema["x-kubernetes-group-version-kind"] ?? [])
      byKind.set(`${group}/${version}/${kind}`, name);
  return { schemas, byKind };
}

/** Add a type and everything that its fields name. `properties` stand in for those of a type that OpenAPI inlines. */
function addType(name, properties = openApi.schemas[name]?.properties) {
  if (types.has(name) || name in SPECIAL) return;
  if (OPEN.includes(name)) {
    types.set(name, { open: true });
    return;
  }
  const schema = openApi.schemas[name] ?? {};
  const entry = { fields: {} };
  types.set(name, entry);
  if (schema["x-kubernetes-map-type"] === "atomic") entry.atomic = true;
  for (const field of goStruct(name)) {
    if (field.inline) addInlined(entry, field, properties);
    else entry.fields[field.json] = fieldText(name, field, properties?.[field.json], schema.required ?? []);
  }
  entry.fields = sorted(entry.fields);
  assertSameFields(name, entry, properties);
}

function addInlined(entry, field, properties) {
  if (field.number === 0) {
    // TypeMeta: in JSON only, an envelope carries it on the wire.
    for (const json of ["apiVersion", "kind"]) entry.fields[json] = "0 string omit";
    return;
  }
  entry.inline = { ...entry.inline, [field.number]: field.type };
  const own = new Set(goStruct(field.type).map(({ json }) => json));
  addType(field.type, Object.fromEntries(Object.entries(properties ?? {}).filter(([json]) => own.has(json))));
}

/** "3 int32 required default=...": number on the wire, type, flags. */
function fieldText(owner, field, property, required) {
  const type = property === undefined ? goOnlyType(owner, field) : typeText(property);
  const words = [String(field.number), type];
  if (required.includes(field.json)) words.push("required");
  if (field.pointer) words.push("pointer");
  if (field.omit) words.push("omit");
  const patch = property?.["x-kubernetes-patch-strategy"];
  if (patch !== undefined) words.push(`patch=${patch}`);
  const key = property?.["x-kubernetes-patch-merge-key"];
  if (key !== undefined) words.push(`key=${key}`);
  if (isTelling(property?.default)) words.push(`default=${JSON.stringify(property.default)}`);
  return words.join(" ");
}

/** A default other than what an absent value means anyway. */
function isTelling(value) {
  return (
    value !== undefined && value !== "" && value !== 0 && value !== false && JSON.stringify(value) !== "{}"
  );
}

function typeText(property) {
  const ref = property.$ref ?? property.allOf?.[0]?.$ref;
  const mapType = property["x-kubernetes-map-type"];
  if (ref !== undefined) {
    const name = ref.slice("#/components/schemas/".length);
    addType(name);
    return (SPECIAL[name] ?? name) + (mapType === undefined ? "" : `!${mapType}`);
  }
  if (property.type === "array") return listText(property) + typeText(property.items);
  if (property.type === "object" && property.additionalProperties)
    return (mapType === "atomic" ? "{atomic}" : "{}") + typeText(property.additionalProperties);
  return scalarText(property);
}

function listText(property) {
  const kind = property["x-kubernetes-list-type"] ?? "atomic";
  if (kind === "atomic") return "[]";
  return kind === "set" ? "[set]" : `[${property["x-kubernetes-list-map-keys"].join(",")}]`;
}

function scalarText({ type, format }) {
  if (type === "string") return format === "byte" ? "bytes" : "string";
  if (type === "boolean") return "boolean";
  if (type === "integer") return format === "int32" ? "int32" : "int64";
  if (type === "number") return "double";
  throw new Error(`No scalar for ${type} ${format}`);
}

/** Types that OpenAPI leaves out (options of connect requests) have plain fields. */
function goOnlyType(owner, field) {
  const list = field.goType.startsWith("[]");
  const bare = list ? field.goType.slice(2) : field.goType;
  const scalar = bare === "metav1.Time" ? "time" : GO_SCALARS[bare];
  if (scalar === undefined) throw new Error(`${owner}.${field.json}: OpenAPI does not know ${field.goType}`);
  return list ? `[]${scalar}` : scalar;
}

function assertSameFields(name, entry, properties) {
  const known = new Set(Object.keys(entry.fields));
  for (const inlined of Object.values(entry.inline ?? {}))
    for (const json of Object.keys(types.get(inlined).fields)) known.add(json);
  const missing = Object.keys(properties ?? {}).filter((json) => !known.has(json));
  if (missing.length > 0) throw new Error(`${name}: no Go field for ${missing.join(", ")}`);
}

// --- Go structs ---

function goStruct(name) {
  const dot = name.lastIndexOf(".");
  const found = goPackage(name.slice(0, dot)).get(name.slice(dot + 1));
  if (found === undefined) throw new Error(`No Go struct for ${name}`);
  return found;
}

function goPackage(name) {
  if (!structs.has(name)) structs.set(name, readGoPackage(name));
  return structs.get(name);
}

function readGoPackage(name) {
  const [, , module, ...path] = name.split(".");
  const folder = join(modules, `${module}@${STAGING}`, ...path);
  const found = new Map();
  for (const file of readdirSync(folder).filter((entry) => /^(types|micro_time).*\.go$/.test(entry))) {
    const source = readFileSync(join(folder, file), "utf8");
    for (const [, struct, body] of source.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm))
      found.set(
        struct,
        body.split("\n").flatMap((line) => goField(line, name)),
      );
  }
  return found;
}

function goField(line, packageName) {
  const match = /^\t(?:(\w+)\s+)?([^\s/]\S*)\s+`([^`]*)`/.exec(line);
  const json = /json:"([^"]*)"/.exec(match?.[3] ?? "")?.[1];
  if (match === null || json === undefined || json === "-") return [];
  const [jsonName, ...options] = json.split(",");
  const number = Number(/protobuf:"\w+,(\d+)/.exec(match[3])?.[1] ?? 0);
  const goType = match[2];
  const isInline = options.includes("inline");
  return [
    {
      json: jsonName,
      inline: isInline,
      number,
      goType: goType.replace(/^\*/, ""),
      type: isInline ? `${packageName}.${goType}` : undefined,
      pointer: goType.startsWith("*"),
      omit: options.includes("omitempty") || options.includes("omitzero"),
    },
  ];
}

// --- Output ---

function sorted(record) {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Of each type (under "") and of its fields. */
function descriptions() {
  const names = [...types.keys(), ...Object.keys(SPECIAL)];
  const described = names.map((name) => {
    const { description, properties = {} } = openApi.schemas[name] ?? {};
    const fields = Object.entries(properties).map(([field, property]) => [field, property.description]);
    const known = [["", description], ...fields].filter(([, text]) => text !== undefined);
    return [name, sorted(Object.fromEntries(known))];
  });
  return new Map(described.filter(([, entry]) => Object.keys(entry).length > 0));
}

/** One entry a line. */
function print(sections) {
  const head = {
    derivedFrom: `k8s.io/kubernetes ${KUBERNETES} api/openapi-spec/v3, struct tags of k8s.io/api and k8s.io/apimachinery ${STAGING}`,
    license: "Apache-2.0 (API definitions of the Kubernetes authors)",
    writtenBy: "tools/api-schema.mjs",
  };
  const lines = (entries) =>
    [...entries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
      .join(",\n");
  const header = Object.entries(head).map(([key, value]) => `  "${key}": ${JSON.stringify(value)},`);
  const parts = Object.entries(sections).map(([name, entries]) => `  "${name}": {\n${lines(entries)}\n  }`);
  return `{\n${header.join("\n")}\n${parts.join(",\n")}\n}\n`;
}
