// Upstream keeps every kind, with every field filled, as JSON, YAML and protobuf, for each release. All of them must be
// read, and the three forms must say the same.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { schemaKinds } from "../schema/schemas.js";
import { decodeObject, type FieldValidation } from "./decode-object.js";

const root = fixtureRoot();
const skip = root === null ? "k8s.io/api@v0.36.3 is not in the Go module cache" : false;

function fixtureRoot(): string | null {
  try {
    const cache = execFileSync("go", ["env", "GOMODCACHE"], { encoding: "utf8" }).trim();
    const folder = join(cache, "k8s.io/api@v0.36.3/testdata");
    return existsSync(folder) ? folder : null;
  } catch {
    return null;
  }
}

interface Fixture {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly path: string;
}

/** Fixtures of the kinds that are served: "<group or core>.<version>.<Kind>" without its suffix. */
function fixtures(release: string): Fixture[] {
  return schemaKinds().flatMap(([group, version, kind]) => {
    const path = join(root ?? "", release, `${group === "" ? "core" : group}.${version}.${kind}`);
    return existsSync(`${path}.json`) ? [{ group, version, kind, path }] : [];
  });
}

function decode(
  fixture: Fixture,
  suffix: string,
  contentType: string,
  fieldValidation: FieldValidation,
): object {
  const body = readFileSync(`${fixture.path}.${suffix}`);
  return decodeObject(body, { ...fixture, contentType, fieldValidation }).object;
}

test("decodeObject leaves upstream's own JSON as it is, and finds nothing unknown in it", { skip }, () => {
  const all = fixtures("HEAD");
  assert.ok(all.length >= 60, `${all.length} fixtures`);
  for (const fixture of all)
    assert.deepEqual(
      decode(fixture, "json", "application/json", "Strict"),
      JSON.parse(readFileSync(`${fixture.path}.json`, "utf8")),
      fixture.kind,
    );
});

test("decodeObject reads upstream's YAML as its JSON", { skip }, () => {
  for (const fixture of fixtures("HEAD"))
    assert.deepEqual(
      decode(fixture, "yaml", "application/yaml", "Strict"),
      decode(fixture, "json", "application/json", "Strict"),
      fixture.kind,
    );
});

test("decodeObject reads upstream's protobuf of every release as its JSON", { skip }, () => {
  const releases = readdirSync(root ?? "").filter((name) => name === "HEAD" || name.startsWith("v"));
  for (const release of releases)
    for (const fixture of fixtures(release))
      assert.deepEqual(
        decode(fixture, "pb", "application/vnd.kubernetes.protobuf", "Strict"),
        decode(fixture, "json", "application/json", "Ignore"),
        `${release} ${fixture.kind}`,
      );
});
