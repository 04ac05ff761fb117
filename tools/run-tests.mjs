// Run every built test with Node's own runner, or those whose path contains an argument.
// usage: node tools/run-tests.mjs [--dist DIR] [PATH-PART...]
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

const args = process.argv.slice(2);
const distAt = args.indexOf("--dist");
const dist = distAt >= 0 ? args.splice(distAt, 2)[1] : "dist";
const files = readdirSync(dist, { recursive: true })
  .filter((name) => name.endsWith(".test.js"))
  // A test whose source is gone is a leftover of an older build.
  .filter((name) => existsSync(name.replace(/\.js$/, ".ts")))
  .filter((name) => args.length === 0 || args.some((part) => name.includes(part)))
  .map((name) => join(dist, name))
  .sort();
if (files.length === 0) {
  console.error(`No test below ${dist}/ matches: ${args.join(" ") || "(all)"}`);
  process.exit(1);
}
const reporter = process.stdout.isTTY ? "spec" : (process.env.PLUMB_TEST_REPORTER ?? "spec");
const run = spawnSync(
  process.execPath,
  [
    "--enable-source-maps",
    "--test",
    `--test-concurrency=${availableParallelism()}`,
    `--test-reporter=${reporter}`,
    ...files,
  ],
  {
    stdio: "inherit",
    env: { ...process.env, NODE_OPTIONS: "" },
  },
);
process.exit(run.status ?? 1);
