import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findUserModeLinux } from "./installation.js";

test("findUserModeLinux says what is missing and how to get it", () => {
  const folder = mkdtempSync(join(tmpdir(), "plumb-uml-"));
  const found = () => findUserModeLinux(folder);
  const install = (text: string) => {
    writeFileSync(join(folder, "linux"), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, "linux"), 0o755);
  };
  try {
    const details: string[] = [];
    for (const text of [null, "echo usage: linux", "echo 6.1.0-none"]) {
      if (text !== null) install(text);
      const missing = found();
      assert.ok("reason" in missing);
      assert.equal(missing.reason, "ENV_NO_IPVS");
      details.push(missing.detail);
    }
    const [absent = "", stranger = "", bare = ""] = details;
    assert.match(absent, /no linux\.uml .* on PATH; install user-mode-linux/);
    assert.match(stranger, /linux is not a user-mode Linux/);
    assert.match(bare, /has no module ip_vs .*6\.1\.0-none/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
