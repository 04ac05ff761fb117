import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { PlumbError } from "../base/errors.js";
import { loadInputs } from "./inputs.js";

function inFolder(action: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "plumb-inputs-"));
  try {
    action(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function fails(action: () => unknown, code: string, message: RegExp): void {
  assert.throws(
    action,
    (error) => error instanceof PlumbError && error.code === code && message.test(error.message),
  );
}

test("loadInputs reads a folder's objects at any depth, sorted, and nothing else", () => {
  inFolder((folder) => {
    mkdirSync(join(folder, "b", "c"), { recursive: true });
    for (const name of ["z.yaml", "a.yml", "b/m.JSON", "b/c/n.yaml", "README.md", "b/notes.txt"]) {
      writeFileSync(join(folder, name), `# ${name}\n`);
    }
    symlinkSync(folder, join(folder, "loop"));
    const inputs = loadInputs([folder], { stdin: null });
    assert.deepEqual(
      inputs.map(({ file }) => file.slice(folder.length + 1)),
      ["a.yml", "b/c/n.yaml", "b/m.JSON", "z.yaml"],
    );
    assert.equal(inputs[3]?.text, "# z.yaml\n");
  });
});

test("loadInputs takes standard input for '-', in the place it was named", () => {
  inFolder((folder) => {
    const file = join(folder, "any.name");
    writeFileSync(file, "x");
    const inputs = loadInputs([file, "-"], { stdin: Buffer.from("y") });
    assert.deepEqual(inputs, [
      { file, text: "x" },
      { file: "-", text: "y" },
    ]);
    fails(() => loadInputs(["-"], { stdin: null }), "InvalidInput", /Cannot read '-'/);
  });
});

test("loadInputs names what it cannot find", () => {
  inFolder((folder) => {
    fails(
      () => loadInputs([join(folder, "none.yaml")], { stdin: null }),
      "NotFound",
      /no such file or folder/,
    );
    fails(() => loadInputs([folder], { stdin: null }), "NotFound", /holds no \*\.yaml/);
  });
});

test("loadInputs says where a text stops being UTF-8", () => {
  inFolder((folder) => {
    const file = join(folder, "latin1.yaml");
    writeFileSync(file, Buffer.from("a: 1\nname: caf\u00e9\n", "latin1"));
    fails(
      () => loadInputs([file], { stdin: null }),
      "InvalidInput",
      /latin1\.yaml:2:10: bytes that are no UTF-8/,
    );
    writeFileSync(file, Buffer.from("\ufeffa: 1\n", "utf16le"));
    fails(
      () => loadInputs([file], { stdin: null }),
      "InvalidInput",
      /latin1\.yaml:1:1: UTF-16 text, expected UTF-8/,
    );
    writeFileSync(file, Buffer.from("name: \u00e9\u20ac\u{1f680}\n", "utf8"));
    assert.equal(loadInputs([file], { stdin: null })[0]?.text, "name: \u00e9\u20ac\u{1f680}\n");
  });
});
