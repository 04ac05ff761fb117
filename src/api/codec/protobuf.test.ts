import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { sourcePath } from "../../base/source-path.js";
import { groupVersionOf } from "../kinds/kinds.js";
import type { KubeObject } from "../meta.js";
import { StatusError } from "../status.js";
import { type DecodeOptions, decodeObject } from "./decode-object.js";

// Bodies that kubectl 1.33 sent, one a line: kind of command, base64, and the object that is meant.
interface Recorded {
  readonly command: string;
  readonly body: string;
  readonly object: KubeObject;
}

const recorded: readonly Recorded[] = readFileSync(
  sourcePath(import.meta.url, "testdata/kubectl-bodies.jsonl"),
  "utf8",
)
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

const optionsFor = ({ apiVersion, kind }: KubeObject): DecodeOptions => {
  const [group, version] = groupVersionOf(apiVersion);
  return {
    group,
    version,
    kind,
    fieldValidation: "Strict",
    contentType: "application/vnd.kubernetes.protobuf",
  };
};

test("decodeObject reads the protobuf that kubectl sends", () => {
  assert.ok(recorded.length >= 12, `${recorded.length} bodies`);
  for (const { command, body, object } of recorded)
    assert.deepEqual(decodeObject(Buffer.from(body, "base64"), optionsFor(object)).object, object, command);
});

test("decodeObject refuses protobuf that is cut short anywhere, or reads less of it, and never crashes", () => {
  for (const { body, object } of recorded) {
    const bytes = Buffer.from(body, "base64");
    for (let length = 0; length < bytes.length; length += 1) survive(bytes.subarray(0, length), object);
  }
});

test("decodeObject survives protobuf with any one byte changed", () => {
  for (const { body, object } of recorded) {
    const bytes = Buffer.from(body, "base64");
    for (let offset = 4; offset < bytes.length; offset += 1)
      for (const change of [0x01, 0x80, 0xff]) {
        const changed = Buffer.from(bytes);
        changed[offset] = (changed[offset] as number) ^ change;
        survive(changed, object);
      }
  }
});

function survive(bytes: Buffer, object: KubeObject): void {
  try {
    decodeObject(bytes, optionsFor(object));
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error));
    assert.equal(error.status.code, 400);
  }
}
