import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { plumb, PLUMB_PROGRAM } from "../plumb.test-data.js";

/** On a machine without Go: nothing is on PATH. */
function plumbWithoutGo(...args: readonly string[]) {
  return spawnSync(process.execPath, [PLUMB_PROGRAM, ...args], {
    encoding: "utf8",
    env: { ...process.env, PATH: "", NODE_OPTIONS: "", NO_COLOR: "1" },
  });
}

test("verify scheduler says that nothing was verified and exits 0, without Go", () => {
  const { status, stdout } = plumbWithoutGo("verify", "scheduler");
  assert.equal(status, 0);
  assert.match(stdout, /^not verified \(TOOL_MISSING\): .*\nhint: install Go/);
  const asJson = plumbWithoutGo("verify", "scheduler", "--json").stdout;
  assert.deepEqual(Object.values(JSON.parse(asJson) as object).slice(0, 2), ["not verified", "TOOL_MISSING"]);
});

test("verify scheduler --require exits 15 without Go, and says what to install", () => {
  const { status, stderr } = plumbWithoutGo("verify", "scheduler", "--require");
  assert.equal(status, 15);
  assert.match(stderr, /there is no go on PATH\nhint: install Go/);
});

test("verify scheduler refuses ranges and numbers that mean nothing", () => {
  assert.equal(plumb(["verify", "scheduler", "--nodes", "9..3"]).code, 2);
  assert.equal(plumb(["verify", "scheduler", "--pods", "0"]).code, 2);
});

const skip =
  process.env["PLUMB_GO_PEER"] === "1"
    ? false
    : "set PLUMB_GO_PEER=1 where Go is installed; the first build takes minutes";

test("verify scheduler finds upstream's decisions equal to ours", { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "plumb-verify-"));
  const caseFile = join(folder, "case.json");
  try {
    const args = ["verify", "scheduler", "--pods", "200", "--nodes", "20..60", "--case", caseFile, "--json"];
    const { code, stdout } = plumb(args);
    const result = JSON.parse(stdout) as { status: string; agreed: number; failure: unknown };
    assert.deepEqual([code, result.status, result.agreed, result.failure], [0, "equal", 200, null]);
    assert.ok(!existsSync(caseFile));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
